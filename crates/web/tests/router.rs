//! The real router on a real house of one temporary SQLite file: headers, tokens, scopes, refusals, and every page in both languages.

mod support;

use axum::http::{StatusCode, header};
use support::{Browser, House};

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_forbids_foreign_script_style_and_frames() {
    let house = House::new();
    for path in ["/masuk", "/komponen", "/tidak-ada", "/sehat"] {
        let answer = house.visitor().get(path).await;
        let policy = answer.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{path}");
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_has_inline_script_or_style() {
    let house = House::new();
    for path in ["/masuk", "/komponen"] {
        let body = house.visitor().get(path).await.body;
        for forbidden in ["style=\"", "<style", "onclick=", "javascript:", "<script>"] {
            assert!(!body.contains(forbidden), "{path} has {forbidden}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_led_to_sign_in_and_back() {
    let house = House::new();
    let answer = house.visitor().get("/pengguna?x=1").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header(header::LOCATION), "/masuk?ke=/pengguna%3Fx%3D1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_its_token_is_refused_and_changes_nothing() {
    let house = House::new();
    let mut admin = house.signed_in("administrator").await;
    let new = [("login", "petugas.coba"), ("name", "Coba"), ("role", "auditor"), ("region", "")];
    for csrf in ["", "0000"] {
        let mut form = new.to_vec();
        form.push(("csrf", csrf));
        assert_eq!(admin.post("/pengguna", &form).await.status, StatusCode::FORBIDDEN);
    }
    assert!(!admin.get("/pengguna").await.body.contains("petugas.coba"));
    let csrf = admin.csrf("/pengguna").await;
    let mut form = new.to_vec();
    form.push(("csrf", &csrf));
    let made = admin.post("/pengguna", &form).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    assert!(admin.get("/pengguna").await.body.contains("petugas.coba"));
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_needs_the_token_of_the_form() {
    let house = House::new();
    let mut visitor = house.visitor();
    let password = house.password("auditor");
    visitor.get("/masuk").await;
    let form = [("csrf", "salah"), ("login", "auditor"), ("password", password.as_str())];
    assert_eq!(visitor.post("/masuk", &form).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_said_on_the_form_and_too_many_are_stopped() {
    let house = House::new();
    let mut visitor = house.visitor();
    let mut last = StatusCode::OK;
    for _ in 0..6 {
        let csrf = visitor.csrf("/masuk").await;
        let form = [("csrf", csrf.as_str()), ("login", "auditor"), ("password", "salah sama sekali")];
        let answer = visitor.post("/masuk", &form).await;
        assert!(answer.body.contains("class=\"errors\""));
        last = answer.status;
    }
    assert_eq!(last, StatusCode::UNPROCESSABLE_ENTITY);
    let csrf = visitor.csrf("/masuk").await;
    let password = house.password("auditor");
    let form = [("csrf", csrf.as_str()), ("login", "auditor"), ("password", password.as_str())];
    assert_ne!(
        visitor.post("/masuk", &form).await.status,
        StatusCode::SEE_OTHER,
        "the right password comes too late"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_cookie_is_out_of_reach_of_script_and_ends_with_sign_out() {
    let house = House::new();
    let mut auditor = house.signed_in("auditor").await;
    assert!(auditor.set_cookies.iter().any(|set| {
        set.starts_with("pilar_sesi=") && set.contains("HttpOnly") && set.contains("SameSite=Lax")
    }));
    let csrf = auditor.csrf("/akun").await;
    assert_eq!(auditor.post("/keluar", &[("csrf", &csrf)]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(auditor.get("/akun").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_opens_what_its_menu_shows_and_nothing_else() {
    let house = House::new();
    for role in support::ROLES {
        let mut browser = house.signed_in(role).await;
        let home = browser.get("/beranda").await.body;
        for path in support::PLACES {
            let shown = home.contains(&format!("<a href=\"{path}\""));
            let answer = browser.get(path).await;
            let expected = if shown { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(answer.status, expected, "{role} at {path}: {}", answer.body);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_speaks_both_languages_and_shows_no_bare_key() {
    let house = House::new();
    for role in support::ROLES {
        let mut browser = house.signed_in(role).await;
        for path in support::PLACES {
            for lang in ["id", "en"] {
                let answer = browser.get(&format!("{path}?lang={lang}")).await;
                if answer.status == StatusCode::OK {
                    assert!(answer.body.contains(&format!("<html lang=\"{lang}\"")), "{path}");
                }
                assert_eq!(support::bare_keys(&answer.body), Vec::<String>::new(), "{role} {path} {lang}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_page_and_a_wrong_method_are_pages_too() {
    let house = House::new();
    let missing = house.visitor().get("/tidak-ada").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(missing.body.contains("Halaman tidak ditemukan") && missing.body.contains("web-not-found"));
    let mut visitor = house.visitor();
    let wrong = visitor.post("/komponen", &[]).await;
    assert_eq!(wrong.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(wrong.body.contains("<html"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_leaves_as_a_file_only_inside_the_territory_and_with_a_trace() {
    let house = House::new();
    let mut officer = house.signed_in("district_officer").await;
    let file = officer.get("/keluarga/csv?kode=99.01.01").await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.body);
    assert_eq!(file.header(header::CONTENT_TYPE), "text/csv; charset=utf-8");
    assert_eq!(file.header(header::CONTENT_DISPOSITION), "attachment; filename=\"keluarga-99.01.01.csv\"");
    assert!(file.body.starts_with("Nomor keluarga,Kepala keluarga,"), "{}", file.body);
    assert_eq!(officer.get("/keluarga/csv?kode=99.02").await.status, StatusCode::NOT_FOUND);
    let mut admin = house.signed_in("administrator").await;
    assert_eq!(admin.get("/keluarga/csv").await.status, StatusCode::FORBIDDEN);
    let scope = access::Session::console(&house.inner).scope("audit.read").unwrap();
    let rows = access::audit_rows(&house.inner, &scope, &store::Page::first(50)).unwrap().items;
    let taken: Vec<_> = rows.iter().filter(|row| row.action == "list.export").collect();
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert_eq!((taken[0].subject.as_str(), taken[0].detail.as_str()), ("export:families", "99.01.01"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_figure_shows_its_sums_and_a_budget_its_day() {
    let house = House::new();
    let mut treasurer = house.signed_in("treasurer").await;
    let people = treasurer.get("/angka/F070").await.body;
    assert!(people.contains(">10.221<") && people.contains("992") && people.contains("/angka/F064"));
    let found = treasurer.get("/angka?q=DENGAR&jenis=realisation").await.body;
    assert!(found.contains("/angka/F064") && !found.contains("/angka/F061"));
    assert_eq!(treasurer.get("/angka/F999").await.status, StatusCode::NOT_FOUND);
    let file = treasurer.get("/angka/csv?topik=PKH").await;
    assert_eq!(file.header(header::CONTENT_DISPOSITION), "attachment; filename=\"angka.csv\"");
    assert!(file.body.starts_with("id,topic,kind,") && file.body.lines().count() == 5, "{}", file.body);
    for (day, share) in [("2020-09-06", "65,5%"), ("2020-11-03", "87,4%")] {
        let shown = treasurer.get(&format!("/anggaran?tahun=2020&per={day}")).await.body;
        assert!(shown.contains(share), "{day}");
        let file = treasurer.get(&format!("/anggaran/csv?tahun=2020&per={day}")).await.body;
        assert!(file.contains(&share.replace([',', '%'], "")), "{file}");
    }
    // Money without a stated ceiling has a row; targets, stocks and realisations each their column.
    let devices = treasurer.get("/anggaran?tahun=2022").await.body;
    assert!(devices.contains("pagu tidak disebut") && devices.contains("/angka/F065"), "{devices}");
    let (targets, stocks) = ("/anggaran/csv?tahun=2019&isi=sasaran", "/anggaran/csv?tahun=2021&isi=sasaran");
    let file = treasurer.get(targets).await.body;
    assert!(file.contains("2019,PSM,,person,2019-12-31,1695,2019-02-21,kemensos_2019_02,,,,,,,,"), "{file}");
    let file = treasurer.get(stocks).await.body;
    assert!(file.contains("2021,PSM,,person,2021-12-31,,,,60258,2021-04-05,carapandang_2021_04,"), "{file}");
    assert!(treasurer.get("/angka/F038").await.body.contains("/anggaran?tahun=2019"));
    // Who may see counts but no people is not led to the people.
    assert!(!treasurer.get("/anggaran").await.body.contains("/alat"));
    assert_eq!(treasurer.get("/alat").await.status, StatusCode::FORBIDDEN);
    let mut auditor = house.signed_in("auditor").await;
    assert!(auditor.get("/anggaran").await.body.contains("/alat"));
    assert_eq!(auditor.get("/alat?tahun=2022&program=NOPE").await.status, StatusCode::OK);
    let mut companion = house.signed_in("companion").await;
    for path in ["/angka", "/angka/F001", "/angka/csv", "/anggaran", "/anggaran/csv"] {
        assert_eq!(companion.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulation_at_work_has_a_page_and_one_whose_process_died_says_so() {
    let house = House::new();
    let mut manager = house.signed_in("programme_manager").await;
    let (db, clock) = (&house.inner.db, house.inner.clock.as_ref());
    let job = store::Job::start(db, clock, "simulate", "7").unwrap().unwrap();
    job.report(clock, "decide", 250, 1000).unwrap();
    assert!(manager.get("/simulasi").await.body.contains("href=\"/simulasi/kerja/7\""));
    let shown = manager.get("/simulasi/kerja/7").await;
    assert!(
        shown.body.contains("hx-trigger=\"every") && shown.body.contains("value=\"250\""),
        "{}",
        shown.body
    );
    // The process ends, and with it its lock.
    drop(job);
    let shown = manager.get("/simulasi/kerja/7").await;
    assert!(!shown.body.contains("hx-trigger=\"every"), "{}", shown.body);
    assert!(shown.body.contains("Program berhenti sebelum simulasi selesai"), "{}", shown.body);
    assert!(!manager.get("/simulasi").await.body.contains("/simulasi/kerja/7"));
    let job = store::Job::start(db, clock, "simulate", "8").unwrap().unwrap();
    job.done(clock, "3").unwrap();
    let done = manager.get("/simulasi/kerja/8").await;
    assert_eq!(
        (done.status, done.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, "/simulasi/3".to_owned())
    );
    assert_eq!(manager.get("/simulasi/kerja/9").await.status, StatusCode::NOT_FOUND);
    let mut companion = house.signed_in("companion").await;
    assert_eq!(companion.get("/simulasi/kerja/8").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_on_the_account_page_and_never_sent_back() {
    let house = House::new();
    let mut auditor = house.signed_in("auditor").await;
    let old = house.password("auditor");
    let csrf = auditor.csrf("/akun").await;
    let form = |old: &str, new: &str, again: &str| {
        [
            ("csrf", csrf.clone()),
            ("lama", old.to_owned()),
            ("baru", new.to_owned()),
            ("ulang", again.to_owned()),
        ]
    };
    let (good, bad) = ("empat kata yang mudah", "empat kata yang beda");
    for (old, new, again, field) in [
        (old.as_str(), good, bad, "ulang-error"),
        ("salah sama sekali", good, good, "lama-error"),
        (old.as_str(), "singkat-7", "singkat-7", "baru-error"),
        ("", good, good, "lama-error"),
    ] {
        let sent = form(old, new, again);
        let sent: Vec<(&str, &str)> = sent.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let answer = auditor.post("/akun/sandi", &sent).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(answer.body.contains(&format!("id=\"{field}\"")), "{field}");
        assert!(!answer.body.contains(new) && (old.is_empty() || !answer.body.contains(old)), "{field}");
    }
    let sent = form(&old, good, good);
    let sent: Vec<(&str, &str)> = sent.iter().map(|(key, value)| (*key, value.as_str())).collect();
    assert_eq!(auditor.post("/akun/sandi", &sent).await.status, StatusCode::SEE_OTHER);
    assert_eq!(auditor.get("/akun?sandi=1").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn vendored_files_stay_under_fifty_kilobytes_packed() {
    let house = House::new();
    let mut total = 0;
    for path in ["/aset/vendor/htmx/htmx.min.js", "/aset/ikon.svg"] {
        total += house.visitor().get_packed(path).await;
    }
    assert!(total < 50_000, "{total}");
}

#[allow(dead_code)]
fn assert_browser_is_send(browser: Browser) -> impl Send {
    browser
}

store::sql! {
    CARD_ADD = "INSERT INTO card (recipient, card_id, channel, token, last4, region, state, stage, holder, printed_on, since,
            last_on, rev)
        VALUES (7, 1, 'himbara', 'KKS-A', '1234', '99.01.01.2001', 'at_district', 'waiting', 'district', '2026-08-01',
            '2026-08-01', '2026-08-05', 2)";
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_handed_over_on_its_page_once_and_without_a_number() {
    let house = House::new();
    house.inner.db.write(|tx| tx.execute(&CARD_ADD, &[]).map(|_| ())).unwrap();
    let mut officer = house.signed_in("district_officer").await;
    let report = officer.get("/kartu").await.body;
    assert!(report.contains("umur=3"), "{report}");
    assert!(officer.get("/kartu/daftar?umur=3").await.body.contains("href=\"/kartu/1\""));
    assert!(!officer.get("/kartu/daftar?umur=0").await.body.contains("href=\"/kartu/1\""));
    let file = officer.get("/kartu/csv?kelompok=waiting&kode=99.01").await;
    assert_eq!((file.status, file.body.lines().count()), (StatusCode::OK, 2), "{}", file.body);
    for outside in ["/kartu?kode=99.02", "/kartu/daftar?kode=99.02", "/kartu/csv?kode=99.02", "/kartu/2"] {
        assert_eq!(officer.get(outside).await.status, StatusCode::NOT_FOUND, "{outside}");
    }
    let shown = officer.get("/kartu/1?langkah=hand_over").await.body;
    assert!(shown.contains("name=\"proof_kind\"") && !shown.contains("langkah=activate"), "{shown}");

    let csrf = officer.csrf("/kartu/1?langkah=hand_over").await;
    let form = |note: &'static str, proof: &'static str| {
        [
            ("langkah", "hand_over"),
            ("rev", "2"),
            ("day", "2026-11-19"),
            ("whom", "SITI"),
            ("role", "self"),
            ("place", "Balai desa"),
            ("proof_kind", "photo"),
            ("proof", proof),
            ("note", note),
        ]
    };
    let sent = |form: [(&'static str, &'static str); 9]| {
        let mut all = form.to_vec();
        all.push(("csrf", csrf.as_str()));
        all
    };
    let secret = officer.post("/kartu/1/langkah", &sent(form("PIN 12 34 56", "FOTO 1"))).await;
    assert_eq!(secret.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(secret.body.contains("href=\"#note\"") && !secret.body.contains("12 34 56"), "{}", secret.body);
    let bare = officer.post("/kartu/1/langkah", &sent(form("", ""))).await;
    assert!(bare.body.contains("href=\"#proof\"") && bare.body.contains("Balai desa"), "{}", bare.body);
    let taken = officer.post("/kartu/1/langkah", &sent(form("", "FOTO 1"))).await;
    assert_eq!(
        (taken.status, taken.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, "/kartu/1".to_owned())
    );
    let twice = officer.post("/kartu/1/langkah", &sent(form("", "FOTO 1"))).await;
    assert_eq!(twice.status, StatusCode::SEE_OTHER, "sent twice, recorded once");
    let late = officer.post("/kartu/1/langkah", &sent(form("", "FOTO 2"))).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.body);
    let chain = officer.get("/kartu/1").await.body;
    assert!(chain.matches("FOTO 1").count() == 1 && chain.contains("langkah=activate"), "{chain}");

    let mut treasurer = house.signed_in("treasurer").await;
    assert!(!treasurer.get("/kartu/1").await.body.contains("langkah="), "sees it and records nothing");
    let csrf = treasurer.csrf("/akun").await;
    let wish = [("langkah", "activate"), ("rev", "3"), ("day", "2026-11-19"), ("csrf", csrf.as_str())];
    assert_eq!(treasurer.post("/kartu/1/langkah", &wish).await.status, StatusCode::FORBIDDEN);
    let mut companion = house.signed_in("companion").await;
    assert_eq!(companion.get("/kartu/1").await.status, StatusCode::NOT_FOUND, "no family of the caseload");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fund_is_moved_by_two_people_and_its_money_is_read_down_to_its_paper() {
    let house = House::new();
    let mut maker = house.signed_in("treasurer").await;
    let csrf = maker.csrf("/dana").await;
    let opening = [
        ("csrf", csrf.as_str()),
        ("source", "hdn_ugb"),
        ("licensed_on", "2026-01-05"),
        ("holder", "PT Contoh"),
    ];
    let bare = maker.post("/dana", &opening).await;
    assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", bare.body);
    assert!(bare.body.contains("id=\"licence-error\""), "{}", bare.body);
    let made = maker.post("/dana", &[&opening[..], &[("licence", "IZIN 1")]].concat()).await;
    assert_eq!(made.header(header::LOCATION), "/dana/1", "{}", made.body);
    let papers = [("paper_licence", "K 1"), ("paper_slip", "S 1")];
    let told = |kind: &'static str, amount: &'static str, document: &'static str| {
        vec![
            ("langkah", kind),
            ("amount_idr", amount),
            ("document", document),
            ("day", "2026-11-02"),
            ("party", "PT Contoh"),
        ]
    };
    let token = ("csrf", csrf.as_str());
    let deposit = [told("deposit", "1.000.000", "STS 1"), vec![token], papers.to_vec()].concat();
    assert_eq!(maker.post("/dana/1/langkah", &deposit).await.status, StatusCode::SEE_OTHER);
    let allot = [told("allot", "400000", "KEP 1"), vec![token, ("purpose", "water")]].concat();
    assert_eq!(maker.post("/dana/1/langkah", &allot).await.status, StatusCode::SEE_OTHER);
    let short = [told("grant", "5", "NPH 1"), vec![token, ("parent", "2")]].concat();
    assert_eq!(
        maker.post("/dana/1/langkah", &short).await.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "it waits"
    );
    let yes = [token, ("setuju", "ya")];
    assert_eq!(maker.post("/dana/1/gerak/2/putuskan", &yes).await.status, StatusCode::FORBIDDEN);
    let mut checker = house.signed_in("programme_manager").await;
    let csrf = checker.csrf("/dana/1").await;
    let done = checker.post("/dana/1/gerak/2/putuskan", &[("csrf", &csrf), ("setuju", "ya")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let again = checker.post("/dana/1/gerak/2/putuskan", &[("csrf", &csrf), ("setuju", "ya")]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut auditor = house.signed_in("auditor").await;
    assert_eq!(auditor.get("/dana/1").await.status, StatusCode::NOT_FOUND, "another territory");
    for lang in ["id", "en"] {
        for path in [
            "/dana/1",
            "/dana/1?langkah=grant",
            "/dana/1?langkah=deposit",
            "/dana/1?langkah=back&baris=1",
            "/pembayaran/buku",
            "/pembayaran/buku?program=hdn_ugb&kanal=fund-1&pada=2026-11-20",
            "/pembayaran/buku/akun/fund_free",
            "/pembayaran/buku/dokumen?id=fund:2",
            "/pembayaran/buku/entri/2",
        ] {
            let mark = if path.contains('?') { '&' } else { '?' };
            let answer = maker.get(&format!("{path}{mark}lang={lang}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
            assert_eq!(support::bare_keys(&answer.body), Vec::<String>::new(), "{path} {lang}");
        }
    }
    assert!(maker.get("/pembayaran/buku").await.body.contains("Rp1.000.000"));
    assert!(
        maker
            .get("/pembayaran/buku/akun/fund_free")
            .await
            .body
            .contains("/pembayaran/buku/dokumen?id=fund%3A1")
    );
    assert!(maker.get("/pembayaran/buku/entri/2").await.body.contains("href=\"/dana/1\""));
    let file = maker.get("/pembayaran/buku/csv?program=hdn_ugb").await.body;
    assert!(file.contains(",fund_free,hdn_ugb,,,,1000000,400000,600000"), "{file}");
    let file = maker.get("/dana/csv").await.body;
    assert!(file.contains(",1000000,600000,400000,0,0"), "{file}");
    assert_eq!(maker.get("/dana/1/csv").await.body.lines().count(), 3);
    for path in ["/pembayaran/buku?pada=kemarin", "/pembayaran/buku?kode=x", "/pembayaran/buku/akun/x"] {
        assert!(maker.get(path).await.status.is_client_error(), "{path}");
    }
    let mut operator = house.signed_in("village_operator").await;
    for path in ["/dana", "/pembayaran/buku", "/pembayaran/buku/entri/1"] {
        assert_eq!(operator.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_people_is_asked_for_by_one_and_released_by_another() {
    let house = House::new();
    let mut asker = house.signed_in("treasurer").await;
    let csrf = asker.csrf("/ekspor/baru?jenis=problems&pokok=sumber%3Dlines").await;
    let ask = |form: &'static str, purpose: &'static str| {
        vec![
            ("formulir", form),
            ("jenis", "problems"),
            ("pokok", "sumber=lines"),
            ("kode", ""),
            ("bentuk", "csv"),
            ("keperluan", purpose),
            ("penerima", "Inspektorat"),
        ]
    };
    let with = |mut form: Vec<(&'static str, &'static str)>, csrf: &'static str| {
        form.push(("csrf", csrf));
        form
    };
    let token: &'static str = csrf.leak();
    assert_eq!(
        asker.post("/ekspor", &ask("1", "audit")).await.status,
        StatusCode::FORBIDDEN,
        "without its token"
    );
    assert_eq!(
        asker.post("/ekspor", &with(ask("1", " "), token)).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let made = asker.post("/ekspor", &with(ask("1", "audit"), token)).await;
    assert_eq!(made.header(header::LOCATION), "/ekspor/1", "{}", made.body);
    let again = asker.post("/ekspor", &with(ask("1", "audit"), token)).await;
    assert_eq!(again.header(header::LOCATION), "/ekspor/1", "the same form is the same request");
    let own = asker.post("/ekspor/1/putuskan", &[("csrf", token), ("putusan", "lepas")]).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN, "{}", own.body);
    assert_eq!(asker.post("/ekspor/1/ambil", &[("csrf", token)]).await.status, StatusCode::CONFLICT);

    let mut other = house.signed_in("programme_manager").await;
    let their = other.csrf("/ekspor/1").await;
    let released = other.post("/ekspor/1/putuskan", &[("csrf", their.as_str()), ("putusan", "lepas")]).await;
    assert_eq!(released.status, StatusCode::SEE_OTHER, "{}", released.body);
    let foreign = other.post("/ekspor/1/ambil", &[("csrf", their.as_str())]).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND, "who released does not fetch");
    for _ in 0..house.inner.policy.settings().desk.export_fetches {
        let file = asker.post("/ekspor/1/ambil", &[("csrf", token)]).await;
        assert_eq!(file.status, StatusCode::OK, "{}", file.body);
        assert!(file.header(header::CONTENT_DISPOSITION).contains("ekspor-1-"));
    }
    assert_eq!(
        asker.post("/ekspor/1/ambil", &[("csrf", token)]).await.status,
        StatusCode::CONFLICT,
        "often enough"
    );
    let mut village = house.signed_in("village_operator").await;
    assert_eq!(village.get("/ekspor/1").await.status, StatusCode::FORBIDDEN);
    let mut district = house.signed_in("district_officer").await;
    assert_eq!(district.get("/ekspor/1").await.status, StatusCode::NOT_FOUND, "another territory");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_opens_for_who_reads_payments_and_acts_only_by_right() {
    let house = House::new();
    let mut treasurer = house.signed_in("treasurer").await;
    for path in [
        "/pembayaran/tugas",
        "/pembayaran/masalah",
        "/pembayaran/masalah?sumber=replies",
        "/pembayaran/nama",
        "/pembayaran/nama?jenis=account_shared",
        "/periksa?sidik=00",
    ] {
        for lang in ["id", "en"] {
            let mark = if path.contains('?') { '&' } else { '?' };
            let answer = treasurer.get(&format!("{path}{mark}lang={lang}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
            assert!(
                !["web-desk-", "web-names-", "desk-list-"].iter().any(|key| answer.body.contains(key)),
                "{path} {lang}"
            );
        }
    }
    assert_eq!(treasurer.get("/pembayaran/masalah?kode=zz").await.status, StatusCode::NOT_FOUND);
    for path in [
        "/pembayaran/perintah/9/lampiran",
        "/pembayaran/perintah/9/sptjm",
        "/pembayaran/siklus/9/berita-acara",
    ] {
        assert_eq!(treasurer.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let mut auditor = house.signed_in("auditor").await;
    let csrf = auditor.csrf("/akun").await;
    let form = [
        ("csrf", csrf.as_str()),
        ("formulir", "1"),
        ("sumber", "lines"),
        ("yang", "pilih"),
        ("pilih[]", "1.0-0"),
        ("pilih[]", "2.0-0"),
        ("tindakan", "hold"),
        ("alasan", "uji coba"),
    ];
    assert_eq!(auditor.post("/pembayaran/masalah/tindakan", &form).await.status, StatusCode::FORBIDDEN);
    let about = |csrf, act| [("csrf", csrf), ("tindakan", act), ("alasan", "uji coba"), ("rev", "1-0")];
    let line = "/pembayaran/baris/1/putusan";
    assert_eq!(auditor.post(line, &about(&csrf, "hold")).await.status, StatusCode::FORBIDDEN);
    let csrf = treasurer.csrf("/akun").await;
    assert_eq!(treasurer.post(line, &about(&csrf, "hold")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(treasurer.post(line, &about(&csrf, "x")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut own = form;
    own[0] = ("csrf", csrf.as_str());
    let act = treasurer.post("/pembayaran/masalah/tindakan", &own).await;
    assert_eq!(act.header(header::LOCATION), "/pembayaran/tindakan/1", "{}", act.body);
    let page = treasurer.get("/pembayaran/tindakan/1").await.body;
    assert!(
        page.contains("Tidak ditemukan di wilayah Anda"),
        "lines that are not there are refused by name: {page}"
    );
}

/// A body of parts: fields as name and text, then one file as input, name, type and bytes.
fn parts(
    fields: &[(&str, &str)],
    (input, name, kind, bytes): (&str, &str, &str, &[u8]),
) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (key, text) in fields {
        let head = format!("--garis\r\nContent-Disposition: form-data; name=\"{key}\"\r\n\r\n{text}\r\n");
        body.extend(head.into_bytes());
    }
    let head = format!(
        "--garis\r\nContent-Disposition: form-data; name=\"{input}\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n"
    );
    body.extend(head.into_bytes());
    body.extend(bytes);
    body.extend(b"\r\n--garis--\r\n");
    ("multipart/form-data; boundary=garis".to_owned(), body)
}

/// One dot.
const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 13, 10, 26, 10, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0, 1, 8,
    6, 0, 0, 0, 0x1F, 0x15, 0xC4, 0x89, 0, 0, 0, 13, b'I', b'D', b'A', b'T', 0x78, 0xDA, 0x63, 0xFC, 0xCF,
    0xC0, 0x50, 0x0F, 0, 0x04, 0x85, 0x01, 0x80, 0x84, 0xA9, 0x8C, 0x21, 0, 0, 0, 0, b'I', b'E', b'N', b'D',
    0xAE, 0x42, 0x60, 0x82,
];

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_sent_seen_and_withdrawn_and_runs_nothing() {
    let house = House::new();
    let mut officer = house.signed_in("district_officer").await;
    let csrf = officer.csrf("/kasus/baru").await;
    let open = [
        ("csrf", csrf.as_str()),
        ("jenis", "relief_request"),
        ("keluarga", "0"),
        ("wilayah", "99.01.01.2001"),
    ];
    let form = house.inner.policy.workflow("relief_request").unwrap();
    let fields =
        form.open_form.as_deref().and_then(|key| form.form(key)).map_or(&[][..], |form| &form.fields);
    let mut open: Vec<(&str, &str)> = open.to_vec();
    for field in fields {
        let text = match &field.kind {
            policy::FieldKind::Choice(choices) => choices[0].value.as_str(),
            policy::FieldKind::Date => "2026-11-19",
            policy::FieldKind::YesNo => "ya",
            _ => "12",
        };
        open.push((&field.key, text));
    }
    let opened = officer.post("/kasus", &open).await;
    let case = opened.header(header::LOCATION).clone();
    assert!(case.starts_with("/kasus/"), "{} {}", opened.status, opened.body);
    let address = format!("{case}/berkas");
    let send = |csrf: &str, caption: &str, name: &str, bytes: &[u8]| {
        parts(&[("csrf", csrf), ("keterangan", caption)], ("berkas", name, "image/png", bytes))
    };
    let forged = officer.post_parts(&address, send("0000", "Muatan", "a.png", PNG)).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let wrong = officer.post_parts(&address, send(&csrf, "Muatan", "a.png.exe", PNG)).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("field-error") && wrong.body.contains("value=\"Muatan\""), "{}", wrong.body);
    assert_eq!(
        officer
            .post_parts(&address, send(&csrf, "Muatan", "a.png", &vec![0; 30_000_000]))
            .await
            .status
            .as_u16(),
        413
    );
    let sent = officer.post_parts(&address, send(&csrf, "Muatan <b>", "a\u{e9}.png", PNG)).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let page = officer.get(&case).await.body;
    assert!(page.contains("alt=\"Muatan &#60;b&#62;\"") && page.contains("loading=\"lazy\""), "{page}");
    let file = format!("{case}/berkas/1");
    let shown = officer.get(&file).await;
    assert_eq!(shown.header(header::CONTENT_TYPE), "image/png");
    assert_eq!(shown.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(shown.header(header::CACHE_CONTROL), "no-store");
    assert!(shown.header(header::CONTENT_SECURITY_POLICY).starts_with("default-src 'none'; sandbox"));
    assert_eq!(
        shown.header(header::CONTENT_DISPOSITION),
        "inline; filename=\"a_.png\"; filename*=UTF-8''a%C3%A9.png"
    );
    // Nobody without a session, nobody without the right, nothing of another case.
    assert_eq!(house.visitor().get(&file).await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.signed_in("administrator").await.get(&file).await.status, StatusCode::FORBIDDEN);
    assert_eq!(officer.get("/kasus/999/berkas/1").await.status, StatusCode::NOT_FOUND);
    assert_eq!(officer.get(&format!("{case}/berkas/2")).await.status, StatusCode::NOT_FOUND);
    let away = [("csrf", csrf.as_str()), ("alasan", "Salah kirim")];
    assert_eq!(officer.post(&format!("{file}/tarik"), &away).await.status, StatusCode::SEE_OTHER);
    assert_eq!(officer.get(&file).await.status, StatusCode::NOT_FOUND);
    assert!(officer.get(&case).await.body.contains("Salah kirim"), "the row remains");
}

/// What differs between two answers by chance: tokens and the number of the request.
fn without_chance(body: &str) -> String {
    let mut out = String::new();
    for piece in body.split_inclusive('>') {
        let chance = piece.contains("name=\"csrf\"") || piece.contains("</p>") && body_is_request(piece);
        out.push_str(if chance { "-" } else { piece });
    }
    out
}

/// Twelve hexadecimal digits in a row: the number of a request.
fn body_is_request(piece: &str) -> bool {
    piece.split(|c: char| !c.is_ascii_hexdigit()).any(|run| run.len() == 12)
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_learns_from_the_status_page_what_is_known() {
    let house = House::new();
    let slip = {
        let mut operator = house.signed_in("village_operator").await;
        // No family here: the office cannot make a slip, and says what it says of a family that is not there.
        let answer = operator.get("/keluarga/7/kode").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        house
            .inner
            .db
            .write(|tx| tx.execute(&support::ADD_FAMILY, store::params![7, "99.01.01.2001"]))
            .unwrap();
        let session = access::session_of_login(
            &house.inner,
            &access::Session::console(&house.inner).scope("user.manage").unwrap(),
            "village_operator",
        )
        .unwrap();
        access::issue_slip(&house.inner, &session.scope("slip.issue").unwrap(), model::FamilyId(7), "5")
            .unwrap()
    };
    let mut visitor = house.visitor();
    let mut answers = Vec::new();
    for (number, secret, day) in [
        ("aaaaa-bbbbb", slip.secret.as_str(), "5"),
        (slip.slip.as_str(), "aaaa-bbbb-cccc-dddd", "5"),
        (slip.slip.as_str(), slip.secret.as_str(), "6"),
        ("", "", ""),
    ] {
        let csrf = visitor.csrf("/statusku").await;
        let form = [("csrf", csrf.as_str()), ("lembar", number), ("kode", secret), ("tanggal", day)];
        let answer = visitor.post("/statusku", &form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.body.contains("class=\"errors\""));
        answers.push(without_chance(&answer.body));
    }
    assert!(answers.windows(2).all(|two| two[0] == two[1]), "{answers:#?}");

    let csrf = visitor.csrf("/statusku").await;
    let form = [("csrf", csrf.as_str()), ("lembar", &slip.slip), ("kode", &slip.secret), ("tanggal", "05")];
    let opened = visitor.post("/statusku", &form).await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER, "{}", opened.body);
    assert!(visitor.set_cookies.iter().any(|set| set.starts_with("pilar_kode=") && set.contains("HttpOnly")));
    let own = visitor.get("/statusku").await;
    assert!(own.body.contains("UJI") && own.body.contains("/statusku/keberatan"), "{}", own.body);
    assert_eq!(visitor.get("/keluarga/7").await.status, StatusCode::SEE_OTHER, "no other page opens");
    let csrf = visitor.csrf("/statusku").await;
    assert_eq!(visitor.post("/statusku/keberatan", &[("csrf", "x")]).await.status, StatusCode::FORBIDDEN);
    let objection = [("csrf", csrf.as_str())];
    assert_eq!(
        visitor.post("/statusku/keberatan", &objection).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let csrf = visitor.csrf("/statusku").await;
    visitor.post("/statusku/keluar", &[("csrf", &csrf)]).await;
    assert!(!visitor.get("/statusku").await.body.contains("UJI"));
}
