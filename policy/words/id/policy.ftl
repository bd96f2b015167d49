# Aturan program dalam baris biasa.
policy-line-off = Dimatikan: ditampilkan, tidak pernah diputuskan
policy-line-selection = { $what ->
    [candidates] Yang lolos boleh diusulkan; setiap kasus diputuskan orang
   *[list] Yang lolos menerima setelah daftar disetujui
}
policy-line-needs = Syarat: { $what }
policy-line-not = Tidak boleh: { $what }
policy-line-component = { $what }: { $year } setahun, { $stage } per tahap
policy-line-most = { $what }, paling banyak { $most } orang
policy-line-component-off = Dimatikan: { $what }
policy-line-every = { $every ->
    [day] { $what } sehari
    [once] { $what } satu kali
   *[month] { $what } sebulan
}
policy-line-service = Layanan: { $what }
policy-line-group = Kelompok { $least } sampai { $most } keluarga
policy-line-step = Tahapan: { $what }
policy-line-order = { $what } ({ $how ->
    [descending] tertinggi lebih dulu
   *[ascending] terendah lebih dulu
})
policy-line-quota = Kuota per { $by ->
    [nation] negara
    [province] provinsi
    [district] kabupaten/kota
    [subdistrict] kecamatan
   *[village] desa/kelurahan
}: { $table ->
    [0] { $share } dari seribu keluarga
   *[other] { $table } daerah menurut tabel, lainnya { $share } dari seribu keluarga
}; urutan: { $order }
policy-line-channel = Saluran: { $what }
policy-line-budget = Anggaran: { $what }
