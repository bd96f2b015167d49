# Istilah bersama. Kunci yang sama ada di words/en/common.ftl.
term-person = Orang
term-family = Keluarga
term-household = Rumah tangga
term-head = Kepala keluarga
term-member = Anggota keluarga
term-nik = NIK
term-kk = Nomor KK
term-name = Nama
term-birth-date = Tanggal lahir
term-birth-place = Tempat lahir
term-mother = Nama ibu kandung
term-age = Umur
term-sex = Jenis kelamin
term-address = Alamat
term-region = Wilayah
term-nation = Nasional
term-province = Provinsi
term-district = Kabupaten/kota
term-subdistrict = Kecamatan
term-village = Desa/kelurahan
term-decile = Desil
term-rank-date = Tanggal peringkat
term-programme = Program
term-recipient = Penerima manfaat
term-entitlement = Hak
term-component = Komponen
term-quota = Kuota
term-period = Periode
term-stage = Tahap
term-closing = Penutupan bulan
term-decision = Keputusan
term-eligible = Memenuhi syarat
term-excluded = Dikeluarkan
term-waiting = Menunggu kuota
term-reason = Alasan
term-amount = Nilai
term-payment = Pembayaran
term-account = Rekening
term-card = Kartu (KKS)
term-channel = Saluran
term-absorption = Serapan
term-companion = Pendamping
term-caseload = Keluarga dampingan
term-case = Kasus
term-task = Tugas
term-complaint = Pengaduan
term-objection = Sanggah
term-proposal = Usul
term-referral = Rujukan
term-graduation = Graduasi
term-deadline = Batas waktu
term-source = Sumber data
term-list = Daftar
term-match = Padan
term-unknown = tidak diketahui
outcome-true = Terpenuhi
outcome-false = Tidak terpenuhi
outcome-unknown = Tidak diketahui
kind-eligibility = Syarat
kind-exclusion = Pengecualian
kind-component = Komponen
kind-cap = Batas
kind-quota = Kuota
kind-combination = Penggabungan
count-families = { $count ->
   *[other] { $count } keluarga
}
count-people = { $count ->
   *[other] { $count } orang
}
count-working-days = { $count ->
    [0] hari ini
   *[other] { $count } hari kerja lagi
}
count-working-days-late = { $count ->
   *[other] terlambat { $count } hari kerja
}
