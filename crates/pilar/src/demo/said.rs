//! What people say in the demonstration: a sentence that fits a question, by the question's key. Everything in them is invented.

/// Keys of questions with an answer to each.
const SAID: &[(&str, &str)] = &[
    ("address", "Jalan Contoh 12, RT 02 RW 01"),
    ("advice", "Buku catatan usaha diisi tiap hari; dilihat lagi bulan depan"),
    ("agenda", "Penyaluran triwulan ini, kartu yang belum sampai, hambatan lapangan"),
    ("asked_for", "Kursi roda ukuran dewasa"),
    ("asked_why", "40 keluarga mengungsi di balai desa sejak semalam"),
    ("bodies", "Dinas sosial, bank penyalur, kantor pos, dinas kependudukan"),
    ("business", "Warung sayur di depan rumah, modal Rp500.000"),
    ("cause", "Hujan lebat dua hari, sungai meluap"),
    ("chair", "Siti Contoh, Budi Contoh, Ani Contoh"),
    ("concluded", "Kartu dibagikan di balai desa sebelum akhir bulan"),
    ("evidence", "Kartu keluarga dan surat keterangan desa"),
    ("follow_note", "Bank menjadwalkan cetak ulang kartu"),
    ("follow_ups", "Bank: cetak ulang 12 kartu, selesai Jumat depan"),
    ("found", "Dinding papan, lantai tanah, sumur bersama, satu anak sekolah"),
    ("found_text", "Nama pada kartu berbeda satu huruf dengan KTP"),
    ("group_name", "Melati Contoh"),
    ("head_name", "Keluarga Contoh"),
    ("goal", "Bisa berdagang lagi dan mengantar anak ke sekolah"),
    ("look_note", "Selimut, makanan bayi, air bersih"),
    ("measures", "Lebar duduk 42 cm, tinggi 48 cm"),
    ("meeting_why", "Dua belas usulan baru dan tiga sanggahan"),
    ("mentor_note", "Omzet naik, catatan keuangan sudah rapi"),
    ("more", "Sudah ditanyakan ke ketua RT"),
    ("needs", "Terapi gerak dua kali seminggu, pendampingan keluarga"),
    ("needs_note", "Tiga bayi, lima lansia, satu ibu hamil"),
    ("note", "Dicatat saat pelayanan di kantor desa"),
    ("people_name", "Komunitas Contoh Hulu"),
    ("place", "Aula kantor kecamatan"),
    ("plan", "Beli etalase, jual ke pasar pagi, laba Rp30.000 sehari"),
    ("posted_at", "Papan pengumuman balai desa"),
    ("progress", "Dinding selesai, atap tinggal separuh"),
    ("progress_note", "Bahan bangunan terlambat tiga hari"),
    ("reason", "Penghasilan keluarga turun sejak panen gagal"),
    ("received_by", "Ketua posko Contoh"),
    ("receiver", "Siti Contoh, anak sulung"),
    ("report_note", "Semua kegiatan sesuai rencana, sisa dana nihil"),
    ("review_note", "Kemajuan sesuai rencana, layanan diteruskan"),
    ("says", "Bantuan bulan ini belum masuk ke kartu"),
    ("session_note", "Menu seimbang untuk balita; dua keluarga bertanya soal imunisasi"),
    ("shelter", "Balai Desa Contoh"),
    ("spent_for", "Etalase dan timbangan, nota terlampir"),
    ("story", "Kartu belum diterima sejak tiga bulan lalu"),
    ("strengths", "Bisa menjahit, keluarga mendukung"),
    ("study_note", "42 keluarga, dua jam berjalan kaki dari jalan desa"),
    ("topic", "Penyaluran dan kartu yang belum sampai"),
    ("truth", "Pendaftaran bantuan hanya lewat desa dan kanal resmi, tanpa biaya"),
    ("wants", "Modal untuk memperbesar warung"),
    ("what", "Menjahit di rumah"),
    ("where_exactly", "Dusun Contoh, tepi sungai"),
    ("why", "Sulit berjalan sejak jatuh tahun lalu"),
    ("work_note", "Sepuluh rumah berdiri, air bersih mengalir"),
];

/// What is answered to a question; its own words where nothing better is known.
pub(super) fn said(key: &str, label: &str) -> String {
    let known = SAID.iter().find(|(of, _)| *of == key);
    known.map_or(label, |(_, said)| said).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_has_its_question() {
        let policy = policy::Policy::embedded().unwrap();
        let forms = policy.workflows().values().flat_map(|workflow| &workflow.forms);
        let keys: std::collections::BTreeSet<&str> =
            forms.flat_map(|form| &form.fields).map(|field| field.key.as_str()).collect();
        for (key, _) in SAID {
            assert!(keys.contains(key), "no form asks `{key}`");
        }
    }
}
