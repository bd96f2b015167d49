# Kesalahan dalam ungkapan aturan. Kuncinya adalah RuleError::code().
rules-empty = Ungkapan kosong. Tulis syarat, misalnya family.decile between 1 and 4.
rules-too-long = Ungkapan terlalu panjang. Bagi menjadi beberapa syarat.
rules-too-deep = Ungkapan bertingkat terlalu dalam. Bagi menjadi beberapa syarat.
rules-syntax = Ungkapan tidak dapat dibaca. Periksa kurung, tanda kutip, dan koma di sekitar tempat ini.
rules-refused = Bentuk ini bukan bagian dari bahasa aturan. Gunakan kolom, nilai, parameter, hitungan, perbandingan, and, or, not, in, between, is null, case, dan fungsi yang tersedia.
rules-unknown-name = Nama kolom atau parameter tidak dikenal. Periksa daftar kolom.
rules-unknown-function = Fungsi tidak dikenal. Periksa daftar fungsi.
rules-arguments = Fungsi tidak dipakai dengan benar. Periksa jumlah dan jenis masukannya.
rules-mismatch = Jenis nilai tidak cocok. Bandingkan nilai yang sejenis; tanggal ditulis date '2026-01-31'.
rules-number-range = Angka di luar jangkauan.
rules-bad-date = Tanggal tidak ada. Tulis hari yang ada sebagai date '2026-01-31'.
rules-null-literal = Nilai null tidak pernah benar dan tidak pernah salah. Gunakan is null atau is not null.
rules-unknown-code = Kode tidak ada dalam daftar kode kolom ini.
rules-division-by-zero = Pembagian dengan nol tidak pernah diketahui hasilnya. Bagi dengan bilangan lain.
