//! One file a page or a family of pages: the context struct of its template, the handler that fills it from the rooms' views, and
//! a sample. Here are the addresses, all in one place.

mod akun;
mod alat;
mod alur;
mod anggaran;
mod angka;
mod aturan;
pub(crate) mod audit;
mod barang;
mod barang_daftar;
mod beranda;
mod berkas;
mod buku;
mod cari;
mod daftar;
mod dana;
mod ekspor;
mod hari_ini;
mod kalender;
mod kartu;
mod kasus;
mod keluarga;
mod kepuasan;
mod keputusan;
mod kesesuaian;
mod klarifikasi;
mod komponen;
mod lapor;
mod layanan;
mod masalah;
mod masuk;
mod mengendap;
mod naskah;
mod orang;
mod panggilan;
mod papan;
mod pekerjaan;
mod pembayaran;
mod pemberitahuan;
mod penautan;
mod penerima;
mod perubahan;
mod pilar;
mod program;
mod simulasi;
mod simulasi_kerja;
mod status;
mod statusku;
mod surat_pos;
mod susulan;
mod tinjau;
mod tugas;
mod verifikasi;
mod wilayah;

use std::sync::Arc;

use axum::{
    Json, Router,
    response::Redirect,
    routing::{get, post},
};

use crate::{app::App, assets, meter};

pub(crate) use kepuasan::choices as survey_choices;
pub use simulasi::figure_cells;
pub use simulasi_kerja::outside;

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(|| async { Redirect::to("/beranda") }))
        .route("/masuk", get(masuk::show).post(masuk::sign_in))
        .route("/keluar", post(masuk::sign_out))
        .route("/tampilan", get(masuk::look))
        .route("/komponen", get(komponen::show))
        .route("/beranda", get(beranda::show))
        .route("/program", get(program::list))
        .route("/program/{key}", get(program::show))
        .route("/aturan", get(aturan::show))
        .route("/simulasi", get(simulasi::list).post(simulasi::make))
        .route("/simulasi/{id}", get(simulasi::show))
        .route("/simulasi/kerja/{key}", get(simulasi_kerja::show))
        .route("/simulasi/{id}/csv", get(simulasi::csv))
        .route("/simulasi/{id}/xlsx", get(simulasi::xlsx))
        .route("/keputusan", get(keputusan::list))
        .route("/keputusan/{run}", get(keputusan::show))
        .route("/keputusan/{run}/setujui", post(keputusan::approve))
        .route("/keputusan/{run}/keluarga", get(keputusan::families))
        .route("/keputusan/{run}/keluarga/csv", get(keputusan::export))
        .route("/keputusan/{run}/keluarga/{family}", get(keputusan::explain))
        .route("/keputusan/{run}/orang", get(keputusan::people))
        .route("/keputusan/{run}/orang/csv", get(keputusan::export_people))
        .route("/keputusan/{run}/lampiran", get(naskah::decision))
        .route("/keputusan/{run}/perubahan", get(perubahan::show))
        .route("/pemberitahuan", get(pemberitahuan::list))
        .route("/pemberitahuan/surat", get(pemberitahuan::letters))
        .route("/cari", get(cari::show).post(cari::send))
        .route("/daftar", get(daftar::list))
        .route("/penautan", get(penautan::show))
        .route("/daftar/{number}", get(daftar::show))
        .route("/daftar/{number}/temuan.csv", get(daftar::export))
        .route("/pembayaran", get(pembayaran::list))
        .route("/pembayaran/siklus/{cycle}", get(pembayaran::cycle))
        .route("/pembayaran/siklus/{cycle}/api", get(panggilan::show))
        .route("/pembayaran/siklus/{cycle}/surat", get(surat_pos::show))
        .route("/pembayaran/siklus/{cycle}/baris", get(pembayaran::lines))
        .route("/pembayaran/baris/{line}", get(pembayaran::line))
        .route("/pembayaran/perintah/{order}/setujui", post(pembayaran::approve))
        .route("/pembayaran/perintah/{order}/sp2d", post(pembayaran::disburse))
        .route("/pembayaran/perintah/{order}/batal", post(pembayaran::cancel))
        .route("/pembayaran/perintah/{order}/setor", post(pembayaran::withheld))
        .route("/pembayaran/balasan", get(pembayaran::exceptions))
        .route("/pembayaran/balasan/{exception}/tutup", post(pembayaran::close))
        .route("/pembayaran/baris/{line}/penerima", get(penerima::show).post(penerima::name))
        .route("/pembayaran/baris/{line}/penerima/{seq}", post(penerima::decide))
        .route("/pembayaran/status", get(status::list))
        .route("/pembayaran/susulan", get(susulan::list).post(susulan::propose))
        .route("/pembayaran/susulan/calon", get(susulan::candidates))
        .route("/pembayaran/susulan/{plan}", get(susulan::show))
        .route("/pembayaran/susulan/{plan}/setujui", post(susulan::approve))
        .route("/pembayaran/susulan/{plan}/tolak", post(susulan::refuse))
        .route("/pembayaran/mengendap", get(mengendap::report))
        .route("/pembayaran/buku", get(buku::show))
        .route("/pembayaran/buku/csv", get(buku::export))
        .route("/pembayaran/buku/akun/{account}", get(buku::entries))
        .route("/pembayaran/buku/dokumen", get(buku::one_document))
        .route("/pembayaran/buku/entri/{entry}", get(buku::one_entry))
        .route("/pembayaran/buku/berkas/{file}/{row}", get(buku::bank_row))
        .route("/pembayaran/masalah", get(masalah::list))
        .route("/pembayaran/masalah/tindakan", post(masalah::act))
        .route("/pembayaran/tindakan/{id}", get(masalah::show))
        .route("/pembayaran/tindakan/{id}/lanjut", post(masalah::go_on))
        .route("/pembayaran/tugas", get(pekerjaan::list))
        .route("/pembayaran/perintah/{order}/lampiran", get(naskah::annex))
        .route("/pembayaran/perintah/{order}/sptjm", get(naskah::statement))
        .route("/pembayaran/siklus/{cycle}/berita-acara", get(naskah::minutes))
        .route("/periksa", get(naskah::check))
        .route("/ekspor", get(ekspor::list).post(ekspor::ask))
        .route("/ekspor/baru", get(ekspor::new))
        .route("/ekspor/{number}", get(ekspor::show))
        .route("/ekspor/{number}/putuskan", post(ekspor::decide))
        .route("/ekspor/{number}/ambil", post(ekspor::fetch))
        .route("/kartu", get(kartu::report))
        .route("/kartu/daftar", get(kartu::list))
        .route("/kartu/csv", get(kartu::export))
        .route("/kartu/{card}", get(kartu::show))
        .route("/kartu/{card}/langkah", post(kartu::record))
        .route("/barang", get(barang::overview))
        .route("/barang/gudang", post(barang::make_warehouse))
        .route("/barang/gudang/{id}", get(barang::warehouse))
        .route("/barang/gudang/{id}/langkah", post(barang::record_stock))
        .route("/barang/lot/{id}", get(barang::lot))
        .route("/barang/kirim/{id}", get(barang::transfer))
        .route("/barang/kirim/{id}/tiba", post(barang::record_arrival))
        .route("/barang/daftar/{id}", get(barang_daftar::list))
        .route("/barang/daftar/{id}/csv", get(barang_daftar::export))
        .route("/barang/daftar/{id}/cetak", get(barang_daftar::print))
        .route("/barang/daftar/{id}/keluarga/{family}", get(barang_daftar::family))
        .route("/barang/daftar/{id}/keluarga/{family}/langkah", post(barang_daftar::record_hand))
        .route("/dana", get(dana::list).post(dana::open))
        .route("/dana/csv", get(dana::export))
        .route("/dana/{id}", get(dana::show))
        .route("/dana/{id}/csv", get(dana::export_moves))
        .route("/dana/{id}/langkah", post(dana::record))
        .route("/dana/{id}/gerak/{move}/putuskan", post(dana::decide))
        .route("/verifikasi", get(verifikasi::list).post(verifikasi::draw))
        .route("/verifikasi/{id}", get(verifikasi::show))
        .route("/verifikasi/{id}/daftar", get(verifikasi::lines))
        .route("/verifikasi/{id}/csv", get(verifikasi::export))
        .route("/verifikasi/{id}/baris/{line}", get(verifikasi::line))
        .route("/verifikasi/{id}/baris/{line}/jawab", post(verifikasi::record))
        .route("/keluarga", get(keluarga::list))
        .route("/keluarga/csv", get(keluarga::export))
        .route("/keluarga/{family}", get(keluarga::show))
        .route("/orang/{person}", get(orang::show))
        .route("/orang/{person}/nik", post(orang::reveal))
        .route("/tinjau", get(tinjau::first))
        .route("/tinjau/semua", get(tinjau::queue))
        .route("/tinjau/batal", post(tinjau::undo))
        .route("/tinjau/{id}", get(tinjau::show).post(tinjau::decide))
        .route("/wilayah", get(wilayah::show))
        .route("/wilayah/csv", get(wilayah::csv))
        .route("/anggaran", get(anggaran::show))
        .route("/anggaran/csv", get(anggaran::show))
        .route("/pilar", get(pilar::list))
        .route("/pilar/cakupan", get(pilar::cover))
        .route("/pilar/usulan", get(pilar::proposals))
        .route("/pilar/usulan/{id}", get(pilar::sharing))
        .route("/pilar/usulan/{id}/sesuaikan", post(pilar::adjust))
        .route("/pilar/usulan/{id}/putuskan", post(pilar::decide))
        .route("/pilar/{id}", get(pilar::show))
        .route("/alat", get(alat::list))
        .route("/alat/csv", get(alat::export))
        .route("/angka", get(angka::show))
        .route("/angka/csv", get(angka::show))
        .route("/angka/{id}", get(angka::show))
        .route("/layanan", get(layanan::list))
        .route("/layanan/{offer}", get(layanan::show))
        .route("/tugas", get(tugas::list))
        .route("/tugas/petugas", post(tugas::give))
        .route("/hari-ini", get(hari_ini::mine))
        .route("/kesesuaian", get(kesesuaian::show))
        .route("/kalender", get(kalender::show))
        .route("/kalender.ics", get(kalender::file))
        .route("/kasus", post(kasus::open))
        .route("/kasus/baru", get(kasus::new))
        .route("/kasus/{case}", get(kasus::show))
        .route("/kasus/{case}/langkah", post(kasus::step))
        .route("/kasus/{case}/keluarga", post(kasus::name))
        .route("/kasus/{case}/petugas", post(kasus::give))
        .route("/kasus/{case}/surat/{letter}", get(kasus::letter))
        .route("/kasus/{case}/berkas/{file}", get(berkas::show))
        .route("/kasus/{case}/berkas/{file}/tarik", post(berkas::withdraw))
        .route("/papan/{workflow}", get(papan::board))
        .route("/papan/{workflow}/{state}", get(papan::state))
        .route("/papan/{workflow}/{state}/langkah", post(papan::many))
        .route("/alur", get(alur::list))
        .route("/alur/{workflow}", get(alur::show))
        .route("/lapor", get(lapor::show).post(lapor::send))
        .route("/lapor/wilayah", get(lapor::places))
        .route("/lacak", get(lapor::track).post(lapor::track_one))
        .route("/lacak/langkah", post(lapor::step))
        .route("/lacak/berkas/lihat", post(berkas::show_by_ticket))
        .route("/lacak/survei", post(lapor::survey))
        .route("/klarifikasi", get(klarifikasi::list))
        .route("/klarifikasi/umpan.xml", get(klarifikasi::feed))
        .route("/klarifikasi/{number}", get(klarifikasi::show))
        .route("/klarifikasi/{number}/kartu.svg", get(klarifikasi::card))
        .route("/klarifikasi/{number}/persegi.svg", get(klarifikasi::square))
        .route("/kepuasan", get(kepuasan::show))
        .route("/kasus/{case}/survei", post(kasus::survey))
        .route("/statusku", get(statusku::show).post(statusku::open))
        .route("/statusku/keluar", post(statusku::close))
        .route("/statusku/keberatan", post(statusku::object))
        .route("/keluarga/{family}/kode", get(statusku::slip).post(statusku::issue))
        .route("/akun", get(akun::show))
        .route("/akun/sandi", post(akun::change_password))
        .route("/pengguna", get(akun::list).post(akun::create))
        .route("/pengguna/tutup", post(akun::close))
        .route("/audit", get(audit::show))
        .route("/sehat", get(|| async { Json(serde_json::json!({ "status": "ok" })) }))
        .route("/metrik", get(meter::show))
        .route("/aset/{*path}", get(assets::serve))
}

/// Addresses that take files: larger bodies, and more time for a slow network.
pub(crate) fn file_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/kasus/{case}/berkas", post(berkas::add))
        .route("/kasus/{case}/langkah/berkas", post(berkas::step))
        .route("/lacak/berkas", post(berkas::add_by_ticket))
}
