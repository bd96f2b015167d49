# Angka terbit dan anggaran: kode dalam policy/figures dan policy/budgets. Kunci yang sama ada di words/en/figures.ftl.

# jenis
figure-kind-budget = Pagu
figure-kind-rate = Tingkat
figure-kind-target = Target
figure-kind-baseline = Keadaan awal
figure-kind-stock = Jumlah yang ada
figure-kind-realisation = Realisasi
figure-kind-amount = Nilai satuan
figure-kind-count = Hitungan
figure-kind-programme = Program
figure-kind-actor = Pelaku
figure-kind-duty = Tugas
figure-kind-rule = Aturan
figure-kind-policy = Arah kebijakan
figure-kind-process = Cara kerja
figure-kind-statement = Pernyataan

# tempat dalam sistem
figure-place-programme = Program
figure-place-actor = Pelaku
figure-place-budget = Anggaran
figure-place-indicator = Indikator
figure-place-service = Layanan
figure-place-registry = Registri
figure-place-process = Proses
figure-place-policy = Kebijakan
figure-place-survey = Survei

# satuan
figure-unit-idr = rupiah
figure-unit-idr_victim = rupiah tiap korban
figure-unit-percent = persen
figure-unit-kpm = keluarga penerima
figure-unit-kk = kepala keluarga
figure-unit-person = orang
figure-unit-ppks = penerima layanan
figure-unit-unit = kelompok
figure-unit-institution = lembaga
figure-unit-district = kabupaten/kota
figure-unit-village = desa/kelurahan
figure-unit-province = provinsi
figure-unit-programme = program
figure-unit-strategy = strategi
figure-unit-bank = bank
figure-unit-company = perusahaan
figure-unit-kpm_companion_year = keluarga tiap pendamping setahun

# hasil periksa
figure-outcome-equal = Cocok
figure-outcome-differs = Selisih yang diketahui
figure-outcome-not_comparable = Tidak sebanding
figure-outcome-none = Tidak dihitung

# anggaran
budget-scope-ministry = Kementerian Sosial
budget-scope-national = Nasional
budget-unit-government = Semua kementerian
budget-unit-ministry = Seluruh kementerian
budget-unit-secretariat = Sekretariat Jenderal
budget-unit-inspectorate = Inspektorat Jenderal
budget-unit-social_security = Ditjen Perlindungan dan Jaminan Sosial
budget-unit-rehabilitation = Ditjen Rehabilitasi Sosial
budget-unit-empowerment = Ditjen Pemberdayaan Sosial
budget-funding-APBN = APBN
budget-funding-APBD = APBD
budget-funding-HDN = Hibah dalam negeri
budget-funding-CSR = CSR
budget-account-5711 = 5711 rehabilitasi sosial
budget-account-5721 = 5721 jaminan sosial
budget-account-5731 = 5731 pemberdayaan sosial
budget-account-5741 = 5741 perlindungan sosial
budget-account-5751 = 5751 penanggulangan kemiskinan

# halaman /angka
web-nav-figures = Angka terbit
web-figures-lead = Setiap angka yang pernah diumumkan: seperti tercetak dan seperti dibaca, dengan sumber, tanggal, dan hasil periksanya.
web-figures-search = Cari angka
web-figures-all-topics = Semua pokok
web-figures-all-kinds = Semua jenis
web-figures-none = Tidak ada angka
web-figures-none-text = Tidak ada angka terbit dengan saringan ini. Kosongkan kata pencarian atau pilih semua pokok.
web-figures-found = { $n } pernyataan
web-figure-what = Pernyataan
web-figure-kind = Jenis
web-figure-topic = Pokok
web-figure-place = Tempat dalam sistem
web-figure-number = Terbaca
web-figure-outcome = Periksa
web-figure-stated = Dinyatakan
web-figure-speaker = Oleh
web-figure-period = Masa
web-figure-printed = Tercetak
web-figure-printed-same = sama dengan yang terbaca
web-figure-printed-as = tercetak { $text }
web-figure-read = Terbaca
web-figure-source-note = Tentang sumber
web-figure-note = Catatan
web-figure-origin = Asal angka
web-figure-checks = Perhitungan yang memuat angka ini
web-figure-checks-none = Angka ini tidak masuk dalam perhitungan mana pun.
web-figure-in-budget = Pagu ini dalam anggaran { $year }
web-check-left = Dihitung
web-check-right = Dibanding dengan
web-check-difference = Selisih

# halaman /anggaran
web-nav-budget = Anggaran
web-budget-of = Anggaran { $year }
web-budget-on = Keadaan { $day }: versi pagu yang berlaku dan realisasi terbit terakhir sampai hari itu.
web-budget-lead = Pagu menurut versinya, bagian yang diblokir, realisasi yang diumumkan, dan serapannya pada hari yang dipilih.
web-budget-see-figures = Semua angka terbit dan hasil periksanya
web-budget-years = Tahun anggaran
web-budget-day = Keadaan pada
web-budget-days = Hari dengan angka terbit
web-budget-none = Belum ada pagu terbit
web-budget-none-text = Tidak ada pagu yang diumumkan untuk tahun ini dalam paket kebijakan. Pilih tahun lain di atas.
web-budget-since = sejak { $day }
web-budget-ceiling = Pagu
web-budget-blocked = Blokir
web-budget-gross = Realisasi bruto
web-budget-returned = Retur
web-budget-net = Neto
web-budget-as-of = per { $day }
web-budget-tag = penanda lintas program
web-budget-unknown = Tanda – berarti sumber tidak menyebutnya, bukan nol. Baris tidak dijumlah: penanda lintas program memuat baris lain, dan tiap sumber punya lingkupnya sendiri.
web-budget-published = { $n } angka yang diumumkan dan sumbernya
web-budget-published-head = Angka yang diumumkan
web-budget-date = Tanggal
web-budget-what = Apa
web-budget-spent = Realisasi
web-budget-spent-derived = Realisasi, dihitung dari tingkat serapan
web-budget-own = Dibayar lewat sistem ini
web-budget-own-text = Uang yang masuk rekening dikurangi yang kembali, menurut catatan pembayaran di wilayah Anda. Berdampingan dengan angka terbit, tidak pernah dijumlah dengannya.
web-budget-own-net = Neto di sini
web-budget-published-net = Neto terbit
web-devices = Serah terima alat bantu
web-devices-text = Satu baris untuk satu barang dan satu orang. Orang dihitung sekali meskipun menerima beberapa alat, jadi jumlah orang bukan penjumlahan dari program-program.
web-devices-handovers = Serah terima
web-devices-people = Orang, masing-masing sekali
web-devices-people-programme = Orang dalam program ini
web-devices-value = Nilai
web-devices-none = Belum ada serah terima yang tercatat di wilayah Anda pada tahun ini.
web-devices-published = Realisasi yang diumumkan
web-source-handovers = catatan serah terima
