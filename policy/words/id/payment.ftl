# Pembayaran: keadaan, masalah, langkah berikutnya, kesalahan. Kuncinya adalah kode dalam program.

payment-eligibility-eligible = Berhak
payment-eligibility-held = Ditahan
payment-eligibility-cancelled = Dibatalkan

payment-account-unchecked = Belum dicek
payment-account-asked = Sedang dicek bank
payment-account-good = Lolos cek rekening
payment-account-doubtful = Perlu dibandingkan
payment-account-failed = Gagal cek rekening
payment-account-not_needed = Tunai, tanpa rekening

payment-state-set = Ditetapkan
payment-state-ordered = SP2D terbit
payment-state-instructed = SI terkirim
payment-state-topped_up = Dana di kartu
payment-state-withdrawn = Sudah ditarik
payment-state-returned = Kembali dari kartu
payment-state-sent_back = Kembali sebelum masuk kartu
payment-state-failed = Top-up gagal

payment-step-set = Ditetapkan
payment-step-checked = Lolos cek rekening
payment-step-ordered = Diperintahkan (SP2D)
payment-step-topped_up = Masuk kartu
payment-step-withdrawn = Ditarik

payment-problem-unknown_ref = Baris tidak dikenal
    .next = Tanyakan kepada bank; jangan diterima tanpa dasar.
payment-problem-bad_row = Baris tidak dapat dibaca
    .next = Minta bank mengirim ulang baris ini.
payment-problem-unknown_word = Kata hasil tidak dikenal
    .next = Tambahkan kata itu pada berkas saluran bila memang sah.
payment-problem-wrong_batch = Nomor batch berbeda
    .next = Cocokkan dengan batch yang dikirim.
payment-problem-wrong_account = Nomor rekening berbeda
    .next = Minta bank menjelaskan ke rekening mana dana masuk.
payment-problem-wrong_amount = Jumlah berbeda
    .next = Minta bank mengirim koreksi; dana tetap dicatat menunggu.
payment-problem-duplicate = Baris ganda
    .next = Tidak perlu tindakan; sudah dihitung satu kali.
payment-problem-txn_conflict = Nomor transaksi dipakai dua kali
    .next = Minta bank memberi nomor transaksi yang benar.
payment-problem-not_expected = Jawaban tidak ditunggu
    .next = Periksa keadaan baris dan berkas sebelumnya.
payment-problem-not_topped_up = Ada transaksi tanpa laporan top-up
    .next = Minta bank mengirim laporan top-up baris ini.
payment-problem-over_withdrawn = Tarikan melebihi isi kartu
    .next = Minta rincian transaksi kepada bank.
payment-problem-top_up_failed = Top-up gagal
    .next = Minta bank mengembalikan dana atau mengulang top-up.
payment-problem-name_differs = Nama rekening berbeda
    .next = Perbaiki nama di bank atau di Dukcapil.
payment-problem-name_doubtful = Nama mirip, perlu dibandingkan
    .next = Bandingkan kedua nama lalu putuskan.
payment-problem-account_shared = Satu rekening untuk dua penerima
    .next = Pastikan rekening milik siapa, lalu putuskan.
payment-problem-account_missing = Bank meloloskan tanpa nomor rekening
    .next = Minta bank mengirim nomor rekening.
payment-problem-account_refused = Rekening ditolak bank
    .next = Perbaiki rekening, lalu cek ulang, atau alihkan ke PT Pos.
payment-problem-no_payee = Kepala keluarga tidak hidup atau tidak padan
    .next = Perbaiki data keluarga; pembayaran menunggu.
payment-problem-held = Ditahan
    .next = Putuskan: lanjutkan atau batalkan.

payment-next-none = Selesai
payment-next-check_account = Cek rekening
payment-next-repair_payee = Perbaiki data kepala keluarga
payment-next-wait_for_bank = Tunggu jawaban bank
payment-next-order = Siap diperintahkan bayar
payment-next-compare_names = Bandingkan nama
payment-next-repair_account = Perbaiki rekening
payment-next-send_instruction = Kirim SI ke bank
payment-next-follow_withdrawal = Pantau sampai ditarik
payment-next-ask_return = Minta dana dikembalikan atau diulang
payment-next-find_cause = Cari sebab dan hubungi keluarga
payment-next-decide = Putuskan

payment-reason-approved = Ada dalam daftar yang disahkan
payment-reason-kept_for_now = Bantuan tetap sementara, masa pemberitahuan berjalan
payment-reason-sent_for_check = Dikirim ke bank untuk dicek
payment-reason-rerouted = Dialihkan ke saluran lain

payment-account-kind-treasury = Kas negara
payment-account-kind-pending = Di bank, menunggu
payment-account-kind-on_card = Di kartu
payment-account-kind-withdrawn = Ditarik
payment-account-kind-returned_unpaid = Kembali sebelum masuk kartu
payment-account-kind-returned_from_card = Kembali dari kartu

payment-order-proposed = Diusulkan
payment-order-approved = Disetujui
payment-order-sent = Terkirim
payment-order-cancelled = Dibatalkan

galat-payment-list-changed = Daftar ini bukan daftar yang disahkan.
galat-payment-list-changed-remedy = Buka kembali daftar terbaru, periksa, lalu setujui.
galat-payment-same-person = Penyusun tidak boleh menyetujui.
galat-payment-same-person-remedy = Minta orang lain yang berwenang menyetujui.
galat-payment-role = Peran Anda tidak berwenang menyetujui jumlah sebesar ini.
galat-payment-role-remedy = Minta pejabat yang disebut pada halaman perintah bayar.
galat-payment-at-work = Langkah pembayaran lain sedang berjalan.
galat-payment-at-work-remedy = Tunggu sampai selesai, lalu coba lagi.
galat-payment-columns = Berkas ini bukan jawaban yang dimaksud: ada kolom yang tidak ada.
galat-payment-columns-remedy = Periksa berkas dan saluran; tidak ada baris yang diterima.
galat-payment-nothing-to-order = Tidak ada baris yang siap dibayar.
galat-payment-nothing-to-order-remedy = Cek rekening dahulu atau selesaikan masalah.
galat-payment-documents = Nomor SPM dan SP2D belum diisi.
galat-payment-documents-remedy = Isi kedua nomor lalu setujui lagi.
galat-payment-state = Langkah ini tidak sesuai dengan keadaan sekarang.
galat-payment-state-remedy = Muat ulang halaman dan lihat langkah berikutnya.
galat-payment-not-found = Tidak ditemukan di wilayah Anda.
galat-payment-not-found-remedy = Periksa nomor, atau tanyakan kepada wilayah lain.
payment-no-money = Program ini tidak membayar uang menurut daftar: barang, layanan dan daftar calon tidak punya baris pembayaran.

# Kartu (KKS): keadaan, pemegang, langkah, isian.
payment-card-state-printed = Dicetak, di bank
payment-card-state-at_district = Di dinas sosial
payment-card-state-with_companion = Dibawa pendamping
payment-card-state-handed_over = Diserahkan, belum aktif
payment-card-state-active = Aktif
payment-card-state-blocked = Terblokir
payment-card-state-damaged = Rusak
payment-card-state-lost = Hilang
payment-card-state-held_by_other = Dipegang orang lain
payment-card-state-replaced = Diganti
payment-card-state-destroyed = Dimusnahkan

payment-card-holder-bank = Bank
payment-card-holder-district = Dinas sosial
payment-card-holder-companion = Pendamping
payment-card-holder-family = Keluarga
payment-card-holder-other = Orang lain
payment-card-holder-nobody = Tidak ada

payment-card-stage-waiting = Belum diserahkan
payment-card-stage-idle = Diserahkan, belum aktif
payment-card-stage-trouble = Bermasalah
payment-card-stage-active = Aktif
payment-card-stage-ended = Diganti atau dimusnahkan

payment-card-step-print = Dicetak bank
payment-card-step-receive = Diterima dinas sosial
payment-card-step-entrust = Dititipkan ke pendamping
payment-card-step-hand_over = Diserahkan kepada keluarga
payment-card-step-activate = Aktif
payment-card-step-block = Terblokir
payment-card-step-damage = Rusak
payment-card-step-lose = Hilang
payment-card-step-held_by_other = Dipegang orang lain
payment-card-step-take_back = Ditarik dinas sosial
payment-card-step-replace = Diganti kartu baru
payment-card-step-destroy = Dimusnahkan

payment-card-field-whom = Nama orangnya
payment-card-field-role = Hubungan atau kedudukan
payment-card-field-place = Tempat
payment-card-field-proof_kind = Jenis bukti
payment-card-field-proof = Nomor atau nama bukti
payment-card-field-document = Nomor surat
payment-card-field-note = Catatan
payment-card-field-new_token = Token kartu baru dari bank
payment-card-field-new_last4 = Empat angka terakhir kartu baru

payment-card-ask-entrust-whom = Nama pendamping
payment-card-ask-hand_over-whom = Nama penerima kartu
payment-card-ask-hand_over-role = Hubungan dengan kepala keluarga
payment-card-ask-held_by_other-whom = Siapa yang memegang kartu
payment-card-ask-held_by_other-role = Kedudukan pemegang
payment-card-ask-take_back-whom = Dari siapa kartu ditarik
payment-card-ask-receive-document = Nomor daftar pengiriman
payment-card-ask-entrust-document = Nomor berita acara penitipan
payment-card-ask-lose-document = Nomor surat kehilangan dari kepolisian
payment-card-ask-destroy-document = Nomor berita acara pemusnahan

payment-card-word-self = Kepala keluarga sendiri
payment-card-word-spouse = Suami atau istri
payment-card-word-child = Anak
payment-card-word-parent = Orang tua
payment-card-word-other_family = Anggota keluarga lain
payment-card-word-agent = Agen atau warung
payment-card-word-group_head = Ketua kelompok
payment-card-word-companion = Pendamping
payment-card-word-official = Perangkat desa
payment-card-word-other = Orang lain
payment-card-word-signature = Tanda tangan
payment-card-word-photo = Foto

payment-problem-unknown_card = Kartu tidak dikenal
    .next = Cocokkan token dan empat angka terakhir dengan daftar bank.
payment-problem-card_conflict = Kartu atau keluarga sudah tercatat
    .next = Tanyakan kepada bank kartu mana yang berlaku.
payment-problem-card_move = Langkah kartu tidak sesuai urutan
    .next = Lihat perjalanan kartu; catat langkah yang terlewat.
payment-problem-card_number = Baris memuat PIN atau nomor kartu
    .next = Minta berkas tanpa nomor; angkanya tidak kami simpan.

payment-reason-opened_elsewhere = Rekening sudah dibuka untuk program lain
payment-reason-sent_for_opening = Diusulkan dibukakan rekening (burekol)

galat-payment-card-digits = Ada enam angka atau lebih berurutan.
galat-payment-card-digits-remedy = Jangan menulis PIN, nomor kartu, NIK, atau nomor telepon; cukup empat angka terakhir kartu.
galat-payment-card-field = Isian ini kosong, terlalu panjang, atau tidak sah.
galat-payment-card-field-remedy = Lengkapi isian, lalu kirim lagi.
galat-payment-card-day = Tanggal ini di masa depan atau sebelum langkah terakhir.
galat-payment-card-day-remedy = Isi tanggal kejadian yang sebenarnya.
galat-payment-changed = Kartu ini baru saja diubah orang lain.
galat-payment-changed-remedy = Muat ulang halaman, lihat perjalanan kartu, lalu putuskan lagi.
