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
