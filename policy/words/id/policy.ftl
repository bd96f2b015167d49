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
policy-line-duty = Kewajiban, { $of }: { $duty }
policy-line-duty-checked = Kewajiban, { $of }: { $duty } (dicek: { $check })
policy-line-ceiling = Paling banyak { $most } tempat di seluruh negeri
policy-line-schedule = Jadwal: { $what }
policy-line-proof = Bukti: { $what }
policy-line-ends = Berakhir bila: { $what }
policy-schedule = { $kind ->
    [month] ditetapkan tiap bulan
    [stage] ditetapkan tiap tahap tiga bulan
    [year] ditetapkan tiap tahun
   *[once] diberikan satu kali
}
policy-schedule-months = { $what }; dibayar pada { $months }
policy-month = { $month ->
    [1] Januari
    [2] Februari
    [3] Maret
    [4] April
    [5] Mei
    [6] Juni
    [7] Juli
    [8] Agustus
    [9] September
    [10] Oktober
    [11] November
   *[12] Desember
}
