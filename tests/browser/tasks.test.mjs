// The main tasks, with and without script: finding a family, reading on in a long list, deciding a doubtful pair and taking it back,
// seeing a number with a purpose, opening a case and moving it on, changing the password, language and theme, signing out. And what must
// not work: a form without its token, a page of another role, approving twice. Every form of the router is sent by some test.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ACCOUNTS, BASE, ROUTES, accountOf, openBrowser, routeOf, signIn, visitor as plainVisitor } from "./harness.mjs";

// Addresses to which some test has sent a form.
const sent = new Set();

async function visitor(browser, options) {
  const guest = await plainVisitor(browser, options);
  guest.context.on("request", (request) => {
    if (request.method() === "POST") sent.add(routeOf(new URL(request.url()).pathname, "post"));
  });
  return guest;
}

// Sends a form of the page by hand, with its token.
async function post({ context, page }, path, form) {
  sent.add(routeOf(path, "post"));
  const csrf = await page.getAttribute("input[name=csrf]", "value");
  return context.request.post(`${BASE}${path}`, { form: { csrf, ...form }, maxRedirects: 0 });
}

// A picture of one dot.
const DOT = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==", "base64");

let browser;
before(async () => {
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
});

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with script" : "without script";

  test(`a family is found by the name of a member, ${how}`, async () => {
    const { context, page } = await visitor(browser, { javaScriptEnabled });
    await signIn(page, accountOf("data_centre"));
    await page.goto("/keluarga");
    const name = (await page.textContent("main tbody th")).trim().split("\n")[0].trim();
    await page.goto("/cari");
    await page.fill("main input[name=q]", name);
    await page.click("main form[role=search] button[type=submit]");
    await page.waitForSelector("#hasil tbody tr");
    assert.match((await page.textContent("#hasil")).toUpperCase(), new RegExp(name.toUpperCase().split(" ")[0]));
    await page.click("#hasil tbody a");
    await page.waitForSelector("h1");
    assert.match(new URL(page.url()).pathname, /^\/(orang|keluarga)\/\d+$/);
    await context.close();
  });

  test(`a doubtful pair is decided and taken back, ${how}`, async () => {
    const { context, page } = await visitor(browser, { javaScriptEnabled });
    await signIn(page, accountOf("data_centre"));
    await page.goto("/tinjau");
    const first = await page.getAttribute("main [data-pair]", "data-pair");
    assert.ok(first, "the demo leaves pairs to review");
    if (javaScriptEnabled) {
      await page.keyboard.press("b");
    } else {
      await page.click("[data-key=b]");
    }
    await page.waitForSelector(`main [data-pair]:not([data-pair="${first}"])`);
    await page.click("[data-undo]");
    await page.waitForSelector(`main [data-pair="${first}"]`);
    await context.close();
  });

  test(`a number is shown only with a purpose, ${how}`, async () => {
    const { context, page } = await visitor(browser, { javaScriptEnabled });
    await signIn(page, accountOf("district_officer"));
    await page.goto("/keluarga");
    await page.click("main tbody a");
    await page.click("main table a[href^='/orang/']");
    assert.match(await page.textContent("main"), /\d{4}\*{8}\d{4}/);
    await page.click(".reveal > summary");
    await page.check(".reveal input[name=purpose] >> nth=0");
    await page.click(".reveal button[type=submit]");
    await page.waitForSelector("[data-revealed]");
    assert.match(await page.textContent("[data-revealed]"), /^\s*\d{16}\s*$/);
    await context.close();
  });

  test(`a long list goes on, ${how}`, async () => {
    const { context, page } = await visitor(browser, { javaScriptEnabled });
    await signIn(page, accountOf("data_centre"));
    await page.goto("/keluarga");
    const rows = () => page.locator("#daftar-baris tbody tr").count();
    const first = await page.textContent("#daftar-baris tbody tr th");
    const before = await rows();
    await page.click("a[rel=next]");
    if (javaScriptEnabled) {
      await page.waitForFunction((count) => document.querySelectorAll("#daftar-baris tbody tr").length > count, before);
      assert.equal(await page.textContent("#daftar-baris tbody tr th"), first, "the rows read so far stay");
      assert.equal(await page.locator("#daftar-lagi").count(), 1);
    } else {
      await page.waitForURL(/setelah=/);
      assert.notEqual(await page.textContent("#daftar-baris tbody tr th"), first);
    }
    await context.close();
  });

  test(`a list is narrowed to a region and taken away as a file, ${how}`, async () => {
    const { context, page } = await visitor(browser, { javaScriptEnabled });
    await signIn(page, accountOf("district_officer"));
    await page.goto("/keluarga");
    const village = await page.$eval("#kode", (select) => select.options[1].value);
    await page.selectOption("#kode", village);
    if (!javaScriptEnabled) await page.click("main form.filters button");
    await page.waitForURL((url) => url.searchParams.get("kode") === village);
    const href = await page.getAttribute("main a[download]", "href");
    assert.equal(href, `/keluarga/csv?kode=${village}`);
    const file = await (await context.request.get(href)).text();
    const [head, ...lines] = file.trim().split("\r\n");
    assert.match(head, /^Nomor keluarga,/);
    assert.ok(lines.length > 1 && lines.every((line) => line.includes(`,${village}`)), "only families of the region");
    assert.ok(!/\d{16}/.test(file), "numbers are masked");
    await context.close();
  });

  test(`language and theme stay, sign-out ends, ${how}`, async () => {
    const { context, page } = await visitor(browser, { javaScriptEnabled });
    await signIn(page, accountOf("village_operator"));
    await page.click("a.lang");
    assert.equal(await page.getAttribute("html", "lang"), "en");
    await page.click("footer a[href*='tema=gelap']");
    assert.equal(await page.getAttribute("html", "data-theme"), "gelap");
    await page.goto("/cari");
    assert.equal(await page.getAttribute("html", "lang"), "en");
    await page.click("header form button");
    await page.waitForURL(/\/masuk/);
    await page.goto("/beranda");
    assert.match(page.url(), /\/masuk/);
    await context.close();
  });
}

test("a wrong password names no reason that helps a stranger, and the summary takes focus", async () => {
  const { context, page } = await visitor(browser);
  const { login } = accountOf("auditor");
  await page.goto("/masuk");
  await page.fill("#login", login);
  await page.fill("#password", "salah sama sekali");
  await page.click("main button[type=submit]");
  await page.waitForSelector(".errors");
  assert.equal(await page.evaluate(() => document.activeElement.className), "errors");
  await context.close();
});

test("a form without its token changes nothing, a page of another role is refused", async () => {
  const { context, page } = await visitor(browser);
  await signIn(page, accountOf("village_operator"));
  const refused = await context.request.post(`${BASE}/keluar`, { form: { csrf: "salah" } });
  assert.equal(refused.status(), 403);
  assert.equal((await page.goto("/pengguna")).status(), 403);
  assert.equal((await page.goto("/audit")).status(), 403);
  assert.equal((await page.goto("/beranda")).status(), 200);
  await context.close();
});

test("results appear while one types, and a number never stands in the address", async () => {
  const { context, page, faults } = await visitor(browser);
  await signIn(page, accountOf("district_officer"));
  await page.goto("/cari");
  await page.locator("#cari").pressSequentially("siti");
  await page.waitForSelector("#hasil tbody tr");
  await page.waitForURL(/\/cari\?q=siti/);
  await page.fill("#cari", "");
  await page.locator("#cari").pressSequentially("9901014507900001");
  await page.waitForURL((url) => url.pathname === "/cari" && url.search === "");
  assert.deepEqual(faults, []);
  await context.close();
});

test("a case is opened for a family, and a form that lacks something says what", async () => {
  const { context, page } = await visitor(browser);
  await signIn(page, accountOf("village_operator"));
  await page.goto("/keluarga");
  await page.click("main tbody a");
  await page.click("a[href^='/kasus/baru']");
  await page.click("main .tasks a");
  await page.click("main form.form button[type=submit]");
  await page.waitForSelector(".errors, ol.timeline");
  if (await page.locator(".errors").count()) {
    assert.ok((await page.locator(".errors a").count()) > 0);
    assert.doesNotMatch(await page.textContent(".errors"), /casework-/, "what is wrong is told in words");
    for (const group of await page.locator("main form.form fieldset").all()) await group.locator("input").first().check();
    for (const field of await page.locator("main form.form input[type=text], main form.form textarea").all()) {
      await field.fill((await field.getAttribute("inputmode")) === "numeric" ? "1" : "Sudah diperiksa");
    }
    for (const field of await page.locator("main form.form input[type=date]").all()) await field.fill("2026-11-01");
    await page.click("main form.form button[type=submit]");
    await page.waitForSelector("ol.timeline");
  }
  assert.match(new URL(page.url()).pathname, /^\/kasus\/\d+$/);
  await context.close();
});

test("a family that has notice keeps its aid, and its objection is recorded from the list of notices", async () => {
  const { context, page } = await visitor(browser);
  await signIn(page, accountOf("district_officer"));
  await page.goto("/pemberitahuan");
  const href = await page.getAttribute("main tbody a[href*='jenis=']", "href");
  assert.ok(href, "the demo leaves families with a notice");
  await page.goto("/pemberitahuan/surat");
  assert.ok((await page.locator("article.letter").count()) > 0);
  await page.goto(href);
  await page.check("main input[value=house]");
  await page.fill("main textarea", "Rumah kami masih berlantai tanah");
  await Promise.all([page.waitForURL(/\/kasus\/\d+$/), page.click("main form button[type=submit]")]);
  await page.goto(`/keluarga/${new URL(href, BASE).searchParams.get("keluarga")}`);
  await page.waitForSelector("#f-beri");
  await context.close();
});

test("a case that waits is moved on by the one whose step it is", async () => {
  const guest = await visitor(browser);
  const { context, page } = guest;
  await signIn(page, accountOf("companion"));
  await page.goto("/tugas");
  await page.click("main tbody a");
  const step = page.locator("main form[action$='/langkah']").first();
  const path = await step.getAttribute("action");
  const before = await page.locator("ol.timeline li").count();
  for (const group of await step.locator("fieldset").all()) await group.locator("input").first().check();
  for (const field of await step.locator("input[type=text], textarea").all()) await field.fill("Sudah ditemui");
  for (const field of await step.locator("input[type=date]").all()) await field.fill("2026-11-20");
  await step.locator("button[type=submit]").click();
  await page.waitForFunction((count) => document.querySelectorAll("ol.timeline li").length > count, before);
  assert.ok(path.startsWith("/kasus/"));
  await context.close();
});

test("a visitor reports without an account, follows with the ticket, and an office names the family", async () => {
  const { context, page } = await visitor(browser, { javaScriptEnabled: false });
  await page.goto("/lapor");
  await page.click("main a[href*='jenis=citizen_complaint']");
  // From the nation down to a place.
  await page.click("main .tasks a[href*='wilayah=99']");
  await page.click("main .tasks a");
  await page.click("main a.btn");
  await page.click("main form button[type=submit]");
  assert.ok((await page.locator(".errors a").count()) > 0, "what is missing is told");
  assert.doesNotMatch(await page.textContent(".errors"), /casework-/, "in words");
  for (const group of await page.locator("main form.form fieldset").all()) await group.locator("input").first().check();
  for (const field of await page.locator("main form.form textarea, main form.form input[type=text]").all()) {
    await field.fill((await field.getAttribute("inputmode")) === "numeric" ? "081200000000" : "Belum diterima");
  }
  for (const field of await page.locator("main form.form input[type=date]").all()) await field.fill("2026-11-01");
  await page.click("main form button[type=submit]");
  const [ticket, secret] = await page.locator("main code").allTextContents();
  assert.match(`${ticket} ${secret}`, /^\w{5}-\w{5} [\w-]{19}$/);
  await page.goto("/lacak");
  await page.fill("#tiket", ticket);
  await page.fill("#rahasia", "aaaa-bbbb-cccc-dddd");
  await page.click("main form button[type=submit]");
  assert.equal(await page.locator(".errors a").count(), 1, "a wrong secret shows nothing");
  await page.fill("#tiket", ticket);
  await page.fill("#rahasia", secret);
  await page.click("main form button[type=submit]");
  assert.ok((await page.locator("ol.timeline li").count()) > 0);
  assert.ok(!page.url().includes(secret), "a secret never stands in an address");
  await page.setInputFiles("#berkas", { name: "surat.pdf.exe", mimeType: "image/png", buffer: DOT });
  await page.fill("#keterangan", "Surat dari bank");
  await page.click("form[action='/lacak/berkas'] button");
  assert.ok((await page.locator(".errors a[href='#berkas']").count()) > 0, "a name that runs is refused");
  await page.setInputFiles("#berkas", { name: "surat.png", mimeType: "image/png", buffer: DOT });
  await page.fill("#keterangan", "Surat dari bank");
  await page.click("form[action='/lacak/berkas'] button");
  assert.match(await page.textContent("#l-berkas + ul"), /Surat dari bank/);
  await page.click("form[action='/lacak/berkas/lihat'] button");
  await page.waitForSelector("img");
  sent.add(routeOf("/lacak/berkas/lihat", "post"));
  await page.goto("/lacak");
  const step = { tiket: ticket, rahasia: secret, langkah: "tidak-ada", rev: "1" };
  assert.equal((await post({ context, page }, "/lacak/langkah", step)).status(), 409);
  await context.close();

  // The office sees it without a family, and names one of its own.
  const office = await visitor(browser);
  await signIn(office.page, accountOf("district_officer"));
  await office.page.goto("/papan/citizen_complaint");
  const cases = await office.page.$$eval("main .tasks a[href^='/kasus/']", (all) => all.map((one) => one.getAttribute("href")));
  let nameless;
  for (const path of cases) {
    await office.page.goto(path);
    if (await office.page.locator("form[action$='/keluarga']").count()) nameless = path;
    if (nameless) break;
  }
  assert.ok(nameless, "the report is on the board of its district");
  await office.page.fill("#keluarga", "1");
  await office.page.click("form[action$='/keluarga'] button");
  assert.ok((await office.page.locator(".errors a").count()) > 0, "no such family here");
  await office.page.goto("/keluarga");
  const family = (await office.page.getAttribute("main tbody a[href^='/keluarga/']", "href")).split("/").pop();
  await office.page.goto(nameless);
  await office.page.fill("#keluarga", family);
  await office.page.click("form[action$='/keluarga'] button");
  await office.page.waitForSelector(`main a[href='/keluarga/${family}']`);
  // The citizen's photograph is there; the office adds one and withdraws it again.
  const longer = Buffer.concat([DOT, Buffer.from("x")]);
  await office.page.setInputFiles("#berkas-pilih", { name: "catatan.png", mimeType: "image/png", buffer: longer });
  await office.page.fill("#keterangan", "Catatan kunjungan");
  await office.page.click("form[action$='/berkas'] button");
  await office.page.waitForSelector("img[alt='Catatan kunjungan']");
  const withdrawal = office.page.locator("li:has(img[alt='Catatan kunjungan']) details");
  await withdrawal.locator("summary").click();
  await withdrawal.locator("input[name=alasan]").fill("Kasus lain");
  await withdrawal.locator("button").click();
  await office.page.waitForSelector("#berkas >> text=Kasus lain");
  assert.equal(await office.page.locator("img[alt='Catatan kunjungan']").count(), 0);
  await office.context.close();
});

test("a step that is refused keeps the photograph that came with it", async () => {
  const guest = await visitor(browser);
  const { context, page } = guest;
  await signIn(page, accountOf("district_officer"));
  await page.goto("/papan/ground_check/assigned");
  await page.click("main tbody a[href^='/kasus/']");
  const form = page.locator("form[action$='/langkah/berkas']");
  await form.locator("input[type=file]").setInputFiles({ name: "rumah.png", mimeType: "image/png", buffer: DOT });
  await form.locator("button").click();
  assert.ok((await page.locator(".errors a").count()) > 1, "the other questions are still open");
  assert.notEqual(await page.locator("#visit-photo-ada").inputValue(), "", "the photograph is chosen");
  assert.ok((await page.locator("#berkas img").count()) > 0, "and stands among the files of the case");
  await context.close();
});

test("a family looks at its own status with a slip, objects, and closes the page", async () => {
  const office = await visitor(browser);
  await signIn(office.page, accountOf("village_operator"));
  await office.page.goto("/keluarga");
  const family = await office.page.getAttribute("main tbody a[href^='/keluarga/']", "href");
  await office.page.goto(family);
  await office.page.click("main a[href$='/kode']");
  await office.page.check("#dilihat");
  await office.page.click("main form button[type=submit]");
  const [slip, secret] = await office.page.locator("main article code").allTextContents();
  assert.match(`${slip} ${secret}`, /^\w{5}-\w{5} [\w-]{19}$/);

  const { context, page } = await visitor(browser, { javaScriptEnabled: false });
  const enter = async (code, day) => {
    await page.goto("/statusku");
    await page.fill("#lembar", slip);
    await page.fill("#kode", code);
    await page.fill("#tanggal", String(day));
    await page.click("main form button[type=submit]");
    return (await page.locator("form[action='/statusku/keluar']").count()) > 0;
  };
  assert.equal(await enter("aaaa-bbbb-cccc-dddd", 1), false);
  assert.equal(await page.locator(".errors a").count(), 1);
  assert.equal(await page.inputValue("#lembar"), "", "nothing that was typed comes back");
  // The day stands on the card, and the office can see it; other days do not open.
  await office.page.goto(family);
  const person = await office.page.getAttribute("main a[href^='/orang/']", "href");
  await office.page.goto(person);
  const months = "Januari|Februari|Maret|April|Mei|Juni|Juli|Agustus|September|Oktober|November|Desember";
  const born = (await office.page.textContent("main")).match(new RegExp(`(\\d{1,2}) (${months}) (19|20)\\d\\d`));
  const opened = await enter(secret, born ? born[1] : 0);
  if (opened) {
    assert.doesNotMatch(await page.textContent("main"), /\d{16}/, "no number in full");
    await page.locator("details:has(form[action='/statusku/keberatan']) > summary").click();
    await page.click("form[action='/statusku/keberatan'] button");
    assert.ok((await page.locator(".errors a").count()) > 0, "what is missing is told");
    await page.click("form[action='/statusku/keluar'] button");
    assert.equal(await page.locator("#lembar").count(), 1);
  }
  assert.ok([403, 303, 200].includes((await post({ context, page }, "/statusku/keluar", {})).status()));
  assert.ok([403, 303, 200].includes((await post({ context, page }, "/statusku/keberatan", {})).status()));
  await context.close();
  await office.page.goto(`${family}/kode`);
  await office.page.click("form:has(input[name=cabut]) button");
  assert.equal(await office.page.locator("form:has(input[name=cabut])").count(), 0, "it has ended");
  await office.context.close();
});

test("a survey is asked for after the end alone, by ticket or at the case", async () => {
  const { context, page } = await visitor(browser, { javaScriptEnabled: false });
  await page.goto("/lacak");
  const nothing = await post({ context, page }, "/lacak/survei", { tiket: "aaaaa-bbbbb", rahasia: "x" });
  assert.equal(nothing.status(), 404);
  await context.close();
  const office = await visitor(browser);
  await signIn(office.page, accountOf("district_officer"));
  await office.page.goto("/tugas");
  const path = await office.page.getAttribute("main a[href^='/kasus/']", "href");
  await office.page.goto(path);
  assert.equal(await office.page.locator("form[action$='/survei']").count(), 0, "an open case is not asked about");
  assert.ok((await post(office, `${path.split("?")[0]}/survei`, {})).status() >= 400);
  await office.context.close();
});

test("one step is taken for many cases, and those that cannot are named", async () => {
  const guest = await visitor(browser);
  const { context, page } = guest;
  await signIn(page, accountOf("district_officer"));
  let board;
  await page.goto("/alur");
  const flows = await page.$$eval("main .tasks a[href^='/alur/']", (all) => all.map((one) => one.getAttribute("href").split("/").pop()));
  for (const flow of flows) {
    await page.goto(`/papan/${flow}`);
    const lists = await page.$$eval("main a[href^='/papan/']", (all) => all.map((one) => one.getAttribute("href")));
    for (const list of lists) {
      await page.goto(list);
      if (await page.locator("form[action$='/langkah'] input[name='kasus[]']").count()) board = list;
      if (board) break;
    }
    if (board) break;
  }
  assert.ok(board, "the demo leaves open cases whose step is the district's");
  await page.click("form[action$='/langkah'] button[type=submit]");
  assert.ok((await page.locator(".errors a").count()) > 0, "no case was chosen");
  await page.check("input[name='kasus[]'] >> nth=0");
  await page.click("form[action$='/langkah'] button[type=submit]");
  await page.waitForSelector(".alert-good");
  const told = await page.textContent("main");
  assert.match(told, /kasus (melangkah|tidak)/);
  await context.close();
});

test("a case is taken on by one person, in the list and on its page, and given up again", async () => {
  const { context, page } = await visitor(browser, { javaScriptEnabled: false });
  await signIn(page, accountOf("district_officer"));
  await page.goto("/tugas?milik=bebas");
  await page.click("form[action='/tugas/petugas'] button");
  assert.ok((await page.locator(".errors a").count()) > 0, "no case was chosen");
  await page.goto("/tugas?milik=bebas");
  const box = page.locator("form[action='/tugas/petugas'] input[name='kasus[]']").first();
  const number = await box.getAttribute("value");
  await box.check();
  await page.selectOption("form[action='/tugas/petugas'] select", "saya");
  await page.click("form[action='/tugas/petugas'] button");
  await page.waitForSelector(".alert-good");
  await page.goto("/tugas?milik=saya");
  await page.click(`main tbody a[href='/kasus/${number}']`);
  await page.locator("form[action$='/petugas']").filter({ has: page.locator("input[name=kepada][value='']") }).locator("button").click();
  await page.waitForSelector("form[action$='/petugas'] input[value=saya]", { state: "attached" });
  await page.goto("/tugas?milik=saya");
  assert.equal(await page.locator(`main tbody a[href='/kasus/${number}']`).count(), 0, "given up");
  await context.close();
});

test("an account is made, changes its password, and is closed only after a question", async () => {
  const admin = await visitor(browser);
  await signIn(admin.page, accountOf("administrator"));
  await admin.page.goto("/pengguna");
  const login = `coba.${process.pid}`;
  await admin.page.fill("#name", "Petugas Coba");
  await admin.page.fill("#login", login);
  await admin.page.selectOption("#role", "auditor");
  await admin.page.click("main form.form button[type=submit]");
  const password = (await admin.page.textContent(".alert-good code")).trim();

  const here = await visitor(browser);
  const elsewhere = await visitor(browser, { javaScriptEnabled: false });
  for (const { page } of [here, elsewhere]) await signIn(page, { login, password });
  await here.page.goto("/akun");
  const change = async (old, fresh, again) => {
    await here.page.fill("#lama", old);
    await here.page.fill("#baru", fresh);
    await here.page.fill("#ulang", again);
    await here.page.click("form[action='/akun/sandi'] button");
  };
  await change("bukan ini sandinya", "empat kata yang mudah", "empat kata yang mudah");
  await here.page.waitForSelector("#lama-error");
  await change(password, "empat kata yang mudah", "empat kata yang beda");
  await here.page.waitForSelector("#ulang-error");
  assert.equal(await here.page.inputValue("#baru"), "", "what was typed is not sent back");
  await change(password, "empat kata yang mudah", "empat kata yang mudah");
  await here.page.waitForSelector(".alert-good");
  await elsewhere.page.goto("/akun");
  assert.match(elsewhere.page.url(), /\/masuk/, "the other device is signed out");

  await admin.page.goto("/pengguna");
  const row = admin.page.locator("tr", { hasText: login });
  assert.equal(await row.locator("button").isVisible(), false, "closing asks first");
  await row.locator("summary").click();
  await row.locator("button").click();
  await admin.page.waitForLoadState();
  assert.equal(await admin.page.locator("tr", { hasText: login }).locator("button").count(), 0);
  for (const { context } of [admin, here, elsewhere]) await context.close();
});

test("a row of a reply is closed with a note", async () => {
  const { context, page } = await visitor(browser);
  await signIn(page, accountOf("treasurer"));
  await page.goto("/pembayaran/balasan");
  const before = await page.locator("form[action$='/tutup']").count();
  assert.ok(before > 0, "the demo leaves rows to explain");
  await page.locator("form[action$='/tutup'] input[name=note]").first().fill("Sudah dijelaskan bank");
  await page.locator("form[action$='/tutup'] button").first().click();
  await page.waitForLoadState();
  assert.equal(await page.locator("form[action$='/tutup']").count(), before - 1);
  await context.close();
});

test("what happened to a card is recorded on its page, and nothing that may be a number", async () => {
  const { context, page } = await visitor(browser);
  await signIn(page, accountOf("district_officer"));
  // A small demo has few cards: any that is still under way will do.
  for (const group of ["waiting", "idle", "active"]) {
    await page.goto(`/kartu/daftar?kelompok=${group}`);
    if ((await page.locator("#daftar-baris tbody th a").count()) > 0) break;
  }
  await page.click("#daftar-baris tbody th a >> nth=0");
  await page.click(".chips a[href$='langkah=lose']");
  const save = "form[action$='/langkah'] button";
  await page.fill("#document", "PIN 12 34 56");
  await page.click(save);
  await page.waitForSelector(".errors");
  assert.equal(await page.inputValue("#document"), "", "what may be a number is not sent back");
  await page.fill("#document", "LP/1/2026");
  await page.click(save);
  await page.waitForURL((url) => !url.pathname.endsWith("/langkah"));
  assert.match(await page.textContent(".timeline"), /LP\/1\/2026/);
  await context.close();
});

test("a warehouse is made, goods are sent to it, and what is missing on arrival is explained", async () => {
  const { context, page } = await visitor(browser);
  const officer = accountOf("district_officer");
  await signIn(page, officer);
  await page.goto("/barang");
  await page.click("#isi details summary");
  await page.fill("#name", "Gudang uji");
  await page.fill("#region", officer.region);
  await page.click("form[action='/barang/gudang'] button");
  await page.waitForURL(/\/barang\/gudang\/\d+$/);
  const target = page.url().split("/").at(-1);
  await page.goto("/barang");
  await page.click("#daftar-baris a >> nth=0");
  await page.click(".chips a[href$='langkah=send']");
  await page.selectOption("#to", target);
  await page.fill("#quantity", "1");
  await page.fill("#document", "SP uji");
  await page.click("form[action$='/langkah'] button");
  await page.waitForURL((url) => !url.pathname.endsWith("/langkah"));
  await page.click("#daftar-baris a[href^='/barang/kirim/'] >> nth=0");
  await page.fill("#arrived", "0,5");
  await page.fill("#lost", "0,5");
  await page.fill("#document", "BT uji");
  await page.click("form[action$='/tiba'] button");
  await page.waitForSelector(".errors");
  await page.fill("#note", "Karung sobek");
  await page.click("form[action$='/tiba'] button");
  await page.waitForURL((url) => !url.pathname.endsWith("/tiba"));
  assert.match(await page.textContent("#isi .summary"), /0,5 kg/);
  assert.equal(await page.locator("form[action$='/tiba']").count(), 0, "nothing is on the way any more");
  await context.close();
});

test("a grant fund is opened, paid into and allotted by two people, and its money is read in the books", async () => {
  const { context, page } = await visitor(browser);
  await signIn(page, accountOf("treasurer"));
  await page.goto("/dana");
  await page.selectOption("#source", { index: 0 });
  await page.fill("#licence", `UJI/${Date.now()}`);
  await page.fill("#licensed_on", "2026-01-05");
  await page.fill("#holder", "Penyelenggara Uji");
  await page.click("form[action='/dana'] button");
  await page.waitForURL(/\/dana\/\d+$/);
  const fund = new URL(page.url()).pathname;
  await page.click(".chips a[href$='langkah=deposit']");
  await page.fill("#amount_idr", "1.000.000");
  await page.fill("#party", "Penyelenggara Uji");
  await page.fill("#document", "STS UJI");
  await page.click("form[action$='/langkah'] button");
  await page.waitForSelector(".errors");
  for (const paper of await page.locator("input[id^=paper_]").all()) await paper.fill("1");
  await page.click("form[action$='/langkah'] button");
  await page.waitForURL(`**${fund}`);
  await page.click(".chips a[href$='langkah=allot']");
  await page.fill("#amount_idr", "400000");
  await page.fill("#document", "KEP UJI");
  await page.click("form[action$='/langkah'] button");
  await page.waitForURL(`**${fund}`);
  assert.equal(await page.locator("form[action$='/putuskan']").count(), 0, "who proposes does not decide");
  const other = await visitor(browser);
  await signIn(other.page, accountOf("programme_manager"));
  await other.page.goto(fund);
  await other.page.click("form[action$='/putuskan'] button >> nth=0");
  await other.page.waitForSelector("form[action$='/putuskan']", { state: "detached" });
  await other.page.click("a[href^='/pembayaran/buku/dokumen?id=fund'] >> nth=0");
  assert.match(await other.page.textContent("#isi"), /400\.000/);
  await other.context.close();
  await context.close();
});

test("goods are handed over with who received them, and less than is due is said so", async () => {
  const { context, page } = await visitor(browser);
  await signIn(page, accountOf("district_officer"));
  await page.goto("/barang");
  await page.click("a[href^='/barang/daftar/'] >> nth=0");
  await page.selectOption("#keadaan", "open");
  await page.waitForSelector("#daftar-baris tbody th a");
  await page.click("#daftar-baris tbody th a >> nth=0");
  await page.click(".chips a[href$='langkah=hand_over']");
  const save = "form[action$='/langkah'] button";
  await page.fill("#whom", "Siti 9901 0101 0190 0001");
  await page.selectOption("#role", "self");
  await page.selectOption("#proof_kind", "signature");
  await page.fill("#proof", "Lembar 9");
  if ((await page.locator("#warehouse option").count()) === 0) return context.close();
  await page.click(save);
  await page.waitForSelector(".errors");
  await page.fill("#whom", "Siti");
  await page.fill("#quantity", "9,5");
  await page.click(save);
  await page.waitForURL((url) => !url.pathname.endsWith("/langkah"));
  assert.match(await page.textContent(".timeline"), /9,5 kg/);
  assert.match(await page.textContent(".head .tag"), /Kurang/);
  await context.close();
});

test("an answer after payment is recorded, and a wish that is not offered is refused", async () => {
  const { context, page } = await visitor(browser);
  await signIn(page, accountOf("programme_manager"));
  await page.goto("/verifikasi");
  await page.fill("#margin", "0");
  await page.click("form[action='/verifikasi'] button");
  await page.waitForSelector(".errors");
  await page.goto("/verifikasi");
  await page.click("#daftar-baris tbody th a >> nth=0");
  await page.click("a[href$='/daftar']");
  await page.selectOption("#jawaban", "open");
  await page.waitForURL(/jawaban=open/);
  await page.click("#daftar-baris tbody th a >> nth=0");
  await page.click(".chips a[href$='langkah=late']");
  await page.fill("#late_days", "6");
  await page.fill("#whom", "Siti");
  await page.click("form[action$='/jawab'] button");
  await page.waitForURL((url) => !url.pathname.endsWith("/jawab"));
  assert.match(await page.textContent(".timeline"), /6/);
  await context.close();
});

test("a rule is counted while it is written, and a simulation says what it would change", async () => {
  const manager = await visitor(browser);
  const { page } = manager;
  await signIn(page, accountOf("programme_manager"));
  await page.goto("/aturan");
  await page.fill("#syarat", "family.decile <= 2");
  await page.waitForFunction(() => /\d/.test(document.querySelector("#hasil h2")?.textContent ?? ""));
  const few = Number((await page.textContent("#hasil h2")).match(/[\d.]+/)[0].replaceAll(".", ""));
  assert.ok(few > 0);
  await page.fill("#syarat", "family.decil <= 2");
  await page.waitForSelector("#hasil .alert-bad");
  assert.match(await page.textContent("#hasil .alert-bad"), /family\.decile/);
  await page.goto("/simulasi");
  await page.click(".chips a >> nth=0");
  await page.waitForSelector("#program", { state: "attached" });
  await page.fill("#nama", "Uji peramban");
  await page.click("form[action='/simulasi'] summary");
  await page.fill("#garis", "600000");
  await page.fill("#konsumsi", "350000 450000 550000 650000 750000 900000 1100000 1400000 1900000 4000000");
  await Promise.all([page.waitForURL(/simulasi\/\d+$/), page.click("form[action='/simulasi'] button")]);
  assert.match(await page.textContent("h1"), /Uji peramban/);
  assert.match(await page.textContent("main"), /Jurang kemiskinan/);
  await page.click("#wilayah summary");
  await page.click("#wilayah tbody a >> nth=0");
  await page.waitForURL(/wilayah=\d/);
  assert.ok(await page.isVisible("#wilayah tbody tr"));
  const workbook = await manager.context.request.get(page.url().replace(/#.*/, "").replace("?", "/xlsx?"));
  assert.equal((await workbook.body()).subarray(0, 2).toString(), "PK");
  const half = { program: "PKH", bulan: "2026-11", garis: "600000" };
  assert.equal((await post(manager, "/simulasi", half)).status(), 422);
  const bad = await post(manager, "/simulasi", { program: "", bulan: "2026-11" });
  assert.equal(bad.status(), 422);
  await manager.context.close();
});

test("a doubtful name is decided about on the list, once and with a reason", async () => {
  const treasurer = await visitor(browser, { javaScriptEnabled: false });
  const { context, page } = treasurer;
  await signIn(page, accountOf("treasurer"));
  await page.goto("/pembayaran/masalah");
  await page.click("a[href='/pembayaran/nama']");
  const card = page.locator("main .card").first();
  const action = (await card.locator("form").getAttribute("action")) ?? "";
  assert.match(action, /^\/pembayaran\/baris\/\d+\/putusan$/, "the demo leaves names to compare");
  const rev = await card.locator("input[name=rev]").getAttribute("value");
  const form = { tindakan: "account_failed", alasan: "Buku tabungan milik tetangga", rev };
  assert.equal((await post(treasurer, action, { ...form, alasan: "x" })).status(), 422);
  // A name that differs failed already and can only be passed.
  const first = await post(treasurer, action, form);
  const kept = first.status() === 303 ? form : { ...form, tindakan: "account_good" };
  assert.equal((await post(treasurer, action, kept)).status(), 303, "the same again changes nothing");
  assert.equal((await post(treasurer, action, { ...kept, alasan: "Alasan lain" })).status(), 409);
  await page.goto(action.replace("/putusan", ""));
  assert.match(await page.textContent(".timeline"), /Buku tabungan milik tetangga/);
  await context.close();
});

test("lines in trouble are held in one act, whose form counts once", async () => {
  const treasurer = await visitor(browser, { javaScriptEnabled: false });
  const { context, page } = treasurer;
  await signIn(page, accountOf("treasurer"));
  await page.goto("/pembayaran/masalah");
  const boxes = page.locator("#daftar-baris input[name='pilih[]']");
  assert.ok((await boxes.count()) > 0, "the demo leaves lines in trouble");
  const value = await boxes.first().getAttribute("value");
  const stamp = await page.getAttribute("input[name=formulir]", "value");
  await boxes.first().check();
  await page.selectOption("#tindakan", "visit");
  await page.fill("#alasan", "Tanyakan nama di buku rekening");
  await page.click("section[aria-labelledby=m-tindakan] button");
  await page.waitForURL(/\/pembayaran\/tindakan\/\d+$/);
  const act = new URL(page.url()).pathname;
  await page.goto("/pembayaran/masalah");
  const form = { formulir: stamp, sumber: "lines", yang: "pilih", "pilih[]": value, tindakan: "visit", alasan: "Tanyakan lagi" };
  const again = await post(treasurer, "/pembayaran/masalah/tindakan", form);
  assert.equal(again.headers().location, act, "the same form is the same act");
  assert.equal((await post(treasurer, `${act}/lanjut`, {})).status(), 303);
  const nothing = { formulir: "0", sumber: "lines", yang: "pilih", tindakan: "hold", alasan: "Uji coba" };
  assert.equal((await post(treasurer, "/pembayaran/masalah/tindakan", nothing)).status(), 422);
  await context.close();
});

test("a list of people leaves with two names and its mark", async () => {
  const asker = await visitor(browser);
  await signIn(asker.page, accountOf("treasurer"));
  await asker.page.goto("/pembayaran/masalah");
  await asker.page.click("main a[href^='/ekspor/baru']");
  await asker.page.selectOption("#bentuk", "csv");
  await asker.page.fill("#keperluan", "Uji pemeriksaan");
  await asker.page.fill("#penerima", "Inspektorat");
  await asker.page.click("form[action='/ekspor'] button");
  await asker.page.waitForURL(/\/ekspor\/\d+$/);
  const path = new URL(asker.page.url()).pathname;
  assert.equal((await post(asker, `${path}/putuskan`, { putusan: "lepas" })).status(), 403, "not by who asked");
  assert.equal((await post(asker, `${path}/ambil`, {})).status(), 409, "not before the release");
  const other = await visitor(browser);
  await signIn(other.page, accountOf("programme_manager"));
  await other.page.goto(path);
  await other.page.click(`form[action='${path}/putuskan'] button[value=lepas]`);
  await other.page.waitForLoadState();
  const file = await (await post(asker, `${path}/ambil`, {})).text();
  const [head, ...rows] = file.trim().split("\r\n");
  assert.match(head, /,Tanda$/);
  assert.ok(rows.length > 0 && rows.every((row) => row.includes("Uji pemeriksaan")), "the mark is in every row");
  assert.ok(!/\d{16}/.test(file), "numbers are masked");
  await asker.page.goto(path);
  const hash = (await asker.page.textContent("#e-ambil ~ .table-wrap code")).trim();
  await asker.page.goto(`/periksa?sidik=${hash}`);
  assert.match(await asker.page.textContent("main"), /Ekspor \d+/);
  await asker.context.close();
  await other.context.close();
});

test("who holds a paper checks it without an account", async () => {
  const treasurer = await visitor(browser);
  await signIn(treasurer.page, accountOf("treasurer"));
  await treasurer.page.goto("/pembayaran/perintah/1/lampiran");
  const hash = /[0-9a-f]{64}/.exec(await treasurer.page.textContent("main"))[0];
  await treasurer.page.goto(`/periksa?sidik=${hash}`);
  assert.match(await treasurer.page.textContent("main"), /Dibuat oleh/);
  await treasurer.context.close();
  const holder = await visitor(browser);
  await holder.page.goto("/masuk");
  await holder.page.click("main a[href='/periksa']");
  await holder.page.fill("#sidik", hash);
  await holder.page.click("main button");
  const told = await holder.page.textContent("main");
  assert.match(told, /Perintah bayar 1/);
  assert.doesNotMatch(told, /Dibuat oleh/, "no names");
  await holder.page.goto(`/periksa?sidik=${"0".repeat(64)}`);
  assert.match(await holder.page.textContent("main"), /tidak dikenal/);
  await holder.context.close();
});

test("what was approved cannot be approved again, nor by who made it", async () => {
  const manager = await visitor(browser);
  await signIn(manager.page, accountOf("programme_manager"));
  await manager.page.goto("/keputusan");
  const run = await manager.page.getAttribute("main tbody a", "href");
  assert.equal((await post(manager, `${run}/setujui`, { hash: "00" })).status(), 409);
  await manager.context.close();
  const treasurer = await visitor(browser);
  await signIn(treasurer.page, ACCOUNTS.findLast((account) => account.role === "treasurer"));
  await treasurer.page.goto("/pembayaran");
  const refused = await post(treasurer, "/pembayaran/perintah/1/setujui", { hash: "00", spm: "1" });
  assert.ok([403, 409].includes(refused.status()), String(refused.status()));
  // What the treasury paid out and the bank was told is paid out once, and not taken apart; nothing of it is held back.
  const sp2d = { number: "SP2D-9", on: "2026-11-01" };
  assert.equal((await post(treasurer, "/pembayaran/perintah/1/sp2d", sp2d)).status(), 409);
  assert.equal((await post(treasurer, "/pembayaran/perintah/1/batal", { reason: "x" })).status(), 409);
  const slip = { slip: "", cycle: "1" };
  assert.equal((await post(treasurer, "/pembayaran/perintah/1/setor", slip)).status(), 422);
  await treasurer.context.close();
});

test("what came back is planned again, and who proposed the plan does not approve it", async () => {
  const treasurer = await visitor(browser);
  await signIn(treasurer.page, accountOf("treasurer"));
  const { page } = treasurer;
  await page.goto("/pembayaran/susulan");
  await page.click("#daftar-baris tbody th a >> nth=0");
  await page.waitForURL(/calon/);
  // The demo's plan has every line that can be paid again: a second one finds nothing.
  const wish = Object.fromEntries(new URL(page.url()).searchParams);
  const again = await post(treasurer, "/pembayaran/susulan", { ...wish, saluran: "pos", kode: "", sebab: "" });
  assert.ok([303, 409].includes(again.status()), String(again.status()));
  const plan = "/pembayaran/susulan/1";
  assert.equal((await post(treasurer, `${plan}/setujui`, { hash: "00" })).status(), 403);
  assert.equal((await post(treasurer, `${plan}/tolak`, { note: "", own: "1" })).status(), 422);
  // Another payee is named where money came back, with a paper; without one it is refused.
  await page.goto(plan);
  const line = (await page.getAttribute("td a[href^='/pembayaran/baris/']", "href")) ?? "";
  const payee = { person: "nobody", paper_kind: "sptjm", paper: "", paper_on: "2026-11-01", note: "x" };
  const refused = await post(treasurer, `${line}/penerima`, payee);
  assert.equal(refused.status(), 422);
  assert.ok([403, 404].includes((await post(treasurer, `${line}/penerima/9`, { decision: "approve" })).status()));
  await treasurer.context.close();
});

test("a proposal of who accompanies whom is adjusted and decided by the head, not by its maker", async () => {
  const { context, page } = await visitor(browser);
  await signIn(page, accountOf("district_officer"));
  await page.goto("/pilar");
  await page.click("#daftar-baris a >> nth=0");
  await page.waitForURL(/\/pilar\/\d+$/);
  await page.goto("/pilar/usulan");
  await page.click("#daftar-baris a >> nth=0");
  await page.waitForURL(/\/pilar\/usulan\/\d+$/);
  assert.equal(await page.locator("form[action$='/putuskan']").count(), 0, "who proposes does not decide");
  const other = await visitor(browser);
  await signIn(other.page, accountOf("district_head"));
  await other.page.goto(new URL(page.url()).pathname);
  await other.page.click("form[action$='/sesuaikan'] button >> nth=0");
  await other.page.waitForURL(/\/pilar\/usulan\/\d+$/);
  await other.page.click("form[action$='/putuskan'] button[value=tolak]");
  await other.page.waitForSelector("form[action$='/putuskan']", { state: "detached" });
  await other.context.close();
  await context.close();
});

test("a worker is written by hand, corrected, and not written over one that was faster", async () => {
  const { context, page } = await visitor(browser, { javaScriptEnabled: false });
  await signIn(page, accountOf("district_officer"));
  await page.goto("/pilar");
  await page.click("a[href='/pilar/baru']");
  const number = `UJI-${Date.now()}`;
  await page.fill("#number", number);
  await page.selectOption("#kind", "volunteer");
  await page.fill("#name", "REKAAN TANGAN");
  await page.click("form.form button[type=submit]:not([name])");
  await page.waitForSelector(".errors a[href='#sex']");
  assert.equal(await page.inputValue("#name"), "REKAAN TANGAN", "what was written stays");
  await page.selectOption("#sex", "2");
  await page.fill("#birth_year", "1990");
  await page.fill("#since", "2024-01-31");
  await page.click("form.form button[type=submit]:not([name])");
  await page.waitForURL(/\/pilar\/\d+$/);
  const own = new URL(page.url()).pathname;
  await page.click(`a[href='${own}/ubah']`);
  const rev = await page.getAttribute("input[name=rev]", "value");
  await page.fill("#name", "REKAAN LAIN");
  await page.selectOption("#papers-0-certificate", "volunteer_basics");
  await page.fill("#papers-0-number", "S-1");
  await page.fill("#papers-0-issuer", "LSP");
  await page.fill("#papers-0-from", "2024-02-01");
  await page.click("form.form button[type=submit]:not([name])");
  await page.waitForURL(/\/pilar\/\d+$/);
  assert.match(await page.textContent("h1"), /REKAAN LAIN/);
  await page.goto(`${own}/ubah`);
  const late = { rev, kind: "volunteer", name: "REKAAN LAMBAT", region: "", sex: "2", birth_year: "1990", since: "2024-01-31" };
  const region = await page.inputValue("#region");
  assert.equal((await post({ context, page }, `${own}/ubah`, { ...late, region })).status(), 409);
  assert.equal((await post({ context, page }, "/pilar/baru", { ...late, number, region })).status(), 422, "the number is taken");
  await context.close();
});

test("every form of the router was sent by somebody", () => {
  const missed = ROUTES.filter(({ method, path }) => method === "post" && !sent.has(path)).map(({ path }) => path);
  assert.deepEqual(missed, []);
});
