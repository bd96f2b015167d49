# Angka dan pekerjaan yang menunggu. Kunci yang sama ada di words/en/report.ftl.

# apa yang menunggu
report-task-late_cases = { $n } kasus terlambat
report-task-cases = { $n } kasus menunggu Anda
report-task-reviews = { $n } pasangan catatan perlu ditinjau
report-task-rejects = { $n } baris ditolak pada daftar terbaru
report-task-refused_lists = { $n } daftar ditolak seluruhnya dan belum diganti
report-task-decision_drafts = { $n } daftar keputusan menunggu persetujuan
report-task-order_approvals = { $n } perintah bayar menunggu persetujuan
report-task-orders_to_send = { $n } perintah bayar disetujui dan belum dikirim
report-task-exceptions = { $n } baris balasan bank belum terjelaskan
report-task-account_problems = { $n } baris bayar bermasalah
report-task-unwithdrawn = { $n } keluarga belum menarik bantuan
report-task-failed_jobs = { $n } pekerjaan mesin gagal: jalankan lagi perintah yang sama
report-more-than = lebih dari { $n }
report-oldest = terlama { $days } hari
report-nothing-waits = Tidak ada yang menunggu.

# umur uang di kartu
report-age-fresh = sampai 14 hari
report-age-month = 15 sampai 30 hari
report-age-two_months = 31 sampai 60 hari
report-age-older = lebih dari 60 hari

# angka
report-figure-families = Keluarga
report-figure-people = Orang
report-figure-poor = Keluarga desil 1-4
report-figure-ranked = Keluarga berdesil
report-figure-eligible = Keluarga penerima
report-figure-waiting = Keluarga menunggu kuota
report-figure-not_eligible = Keluarga tidak memenuhi syarat
report-figure-decided = Nilai keputusan
report-figure-allocated = Alokasi
report-figure-ordered = Diperintahkan
report-figure-topped_up = Masuk rekening
report-figure-withdrawn = Ditarik
report-figure-on_card = Masih di kartu
report-figure-returned = Kembali
report-figure-pending = Menunggu bank
report-figure-problems = Baris bermasalah
report-figure-absorption = Serapan

# satuan
report-unit-families = keluarga
report-unit-people = orang
report-unit-records = baris daftar
report-unit-lines = baris bayar
report-unit-rupiah = rupiah
report-unit-permille = per seribu

# keadaan
report-count-persons = Orang
report-count-families = Keluarga
report-count-reviews_open = Pasangan yang menunggu tinjauan
report-count-decisions_on_pairs = Pasangan yang sudah diputus
report-count-regions = Wilayah
report-count-users = Pengguna
report-count-jobs_running = Pekerjaan berjalan
report-count-jobs_failed = Pekerjaan gagal
report-count-exceptions_open = Balasan bank belum terjelaskan

# dasar angka
report-basis = { $region }, keadaan { $as_of }, dari { $source }
report-basis-caseload = keluarga dampingan Anda

# galat
galat-report-region = Wilayah ini tidak ada di daerah Anda.
galat-report-region-remedy = Pilih wilayah dari peta, atau minta hak untuk wilayah itu.
galat-report-damaged = Angka tidak dapat dihitung: kolom dalam kumpulan data hilang.
galat-report-damaged-remedy = Jalankan lagi penggabungan atau penutupan bulan itu.
galat-report-money = Jumlah uang melampaui batas dan tidak dipakai.
galat-report-money-remedy = Periksa baris bayar yang terakhir masuk.
galat-report-export = Angka tidak dapat ditulis sebagai CSV.
galat-report-export-remedy = Coba lagi; bila tetap gagal, sebutkan nomor permintaan.
galat-report-too-long = Tabel ini terlalu panjang untuk satu buku kerja.
galat-report-too-long-remedy = Ambil sebagai CSV, atau ambil bagian wilayahnya.
