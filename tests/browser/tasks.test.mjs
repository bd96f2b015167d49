// The main tasks, with and without script: finding a family, deciding a doubtful pair and taking it back, seeing a number with a
// purpose, changing language and theme, signing out. And what must not work: a form without its token, a page of another role.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { BASE, accountOf, openBrowser, signIn, visitor } from "./harness.mjs";

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
