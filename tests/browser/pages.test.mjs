// Every role sees one or two pages of each kind it can reach, and every address of the router is reached by some role. A kind seen for
// the first time is looked at on a phone and on a desk, in both languages and both themes (each pair of these once); a later role looks
// at it once, on a phone. Each time: nothing scrolls sideways, axe finds nothing, the browser refuses nothing of ours, no word is missing,
// the markup is valid and works without script.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  ACCOUNTS, BASE, NARROW, ROUTES, WIDE, accountOf, axeFaults, linksIn, markupFaults, openBrowser, routeOf, scriptFaults, sidewaysFaults,
  signIn, visitor, wordFaults,
} from "./harness.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
});

const ID = "id";
const EN = "en";
// Every pair of width, language and theme occurs.
const LOOKS = [
  [NARROW, ID, "light"],
  [WIDE, ID, "dark"],
  [WIDE, EN, "light"],
  [NARROW, EN, "dark"],
];
const ONE_LOOK = [[NARROW, ID, "dark"]];

// Pages that the crawl does not come to by itself. No programme of the pack is paid by a bank that is called, so no cycle leads to its
// calls; only entries of what a bank told lead to its rows, only lines whose money came back to another payee, and only cases that were
// visited to a photograph.
const UNLINKED = { treasurer: ["/pembayaran/siklus/1/api"] };
const WAYS = {
  treasurer: [
    ["/pembayaran/buku/akun/on_card", /^\/pembayaran\/buku\/entri\//, /^\/pembayaran\/buku\/berkas\//],
    ["/pembayaran/susulan/1", /^\/pembayaran\/baris\//, /\/penerima$/],
  ],
  district_officer: [["/papan/ground_check", /^\/kasus\/\d+$/, /^\/kasus\/\d+\/berkas\/\d+$/]],
};

// Kinds of pages that some role has passed; addresses that some role has reached.
const passed = new Set();
const reached = new Set();

const ROLES = ACCOUNTS.filter((one, at) => ACCOUNTS.findIndex((other) => other.role === one.role) === at);

test("visitors see the sign-in page, the components and an error page", async () => {
  const guest = await visitor(browser);
  const found = [];
  const report = "jenis=hoax_report&wilayah=99";
  const reports = ["/lapor", `/lapor/wilayah?${report}`, `/lapor?${report}`, "/lacak"];
  const open = ["/masuk", "/komponen", ...reports, "/statusku", "/klarifikasi", "/klarifikasi/1", "/layanan", "/layanan/1"];
  for (const path of [...open, "/tidak-ada"]) {
    reached.add(routeOf(path));
    found.push(...(await faultsOf(guest, path, path === "/tidak-ada" ? 404 : 200, LOOKS)));
  }
  for (const path of ["/klarifikasi/umpan.xml", "/klarifikasi/1/kartu.svg", "/klarifikasi/1/persegi.svg"]) {
    const answer = await guest.context.request.get(path);
    assert.match(answer.headers()["content-type"], /xml/, path);
    assert.doesNotMatch(await answer.text(), /bansos-cair\.example/, "what goes round is broken");
    reached.add(routeOf(path));
  }
  for (const path of ["/sehat", "/metrik", "/", "/tampilan?lang=id&ke=/masuk"]) {
    assert.ok((await guest.context.request.get(path)).ok(), path);
    reached.add(routeOf(path));
  }
  reached.add("/aset/{*path}");
  assert.deepEqual(found, [], found.join("\n"));
  await guest.context.close();
});

// Two roles at a time: the machine that runs this has two cores.
test("every role: each kind of page that it reaches", { concurrency: 2 }, async (all) => {
  const roles = ROLES.map((account) =>
    all.test(account.role, async () => {
      const guest = await visitor(browser);
      await signIn(guest.page, account);
      const found = [];
      let kinds = 0;
      for (const [route, paths] of await kindsOf(guest, [...(UNLINKED[account.role] ?? []), ...(await waysOf(guest, account.role))])) {
        reached.add(route);
        if (FILES.test(route)) {
          found.push(...(await fileFaults(guest, paths[0])));
          continue;
        }
        kinds += 1;
        const first = !passed.has(route);
        passed.add(route);
        found.push(...(await faultsOf(guest, paths[0], 200, first ? LOOKS : ONE_LOOK)));
        // A second page of the kind may look quite different: a family with payments, a list refused.
        if (first && paths[1]) found.push(...(await faultsOf(guest, paths[1], 200, ONE_LOOK)));
      }
      assert.deepEqual(found, [], found.join("\n"));
      assert.ok(kinds > 4, `${account.role} reaches only ${kinds} kinds of pages`);
      await guest.context.close();
    }),
  );
  await Promise.all(roles);
});

test("a simulation has a page of its own while it is at work, and then leads to what came out", async () => {
  const guest = await visitor(browser);
  const { context, page } = guest;
  await signIn(page, accountOf("programme_manager"));
  await page.goto("/simulasi");
  await page.click(".chips a >> nth=0");
  await page.waitForSelector("#program", { state: "attached" });
  const form = Object.fromEntries(
    await page.$$eval("form[action='/simulasi'] :is(input, select)", (all) => all.map((one) => [one.name, one.value])),
  );
  const begun = await context.request.post("/simulasi", { form, maxRedirects: 0 });
  assert.equal(begun.status(), 303);
  const place = begun.headers().location;
  reached.add(routeOf(place));
  assert.equal(routeOf(place), "/simulasi/kerja/{key}");
  let at;
  do {
    at = await context.request.get(place, { maxRedirects: 0 });
    assert.ok([200, 303].includes(at.status()), `${place} answers ${at.status()}`);
    if (at.status() === 200) assert.match(await at.text(), /id="kerja"/);
  } while (at.status() === 200);
  assert.match(at.headers().location, /^\/simulasi\/\d+$/);
  assert.equal((await context.request.get("/simulasi/kerja/999999")).status(), 404);
  await context.close();
});

test("every address of the router was reached by somebody", () => {
  const missed = ROUTES.filter(({ method, path }) => method === "get" && !reached.has(path)).map(({ path }) => path);
  assert.deepEqual(missed, []);
});

// The first page at the end of each way, link by link.
async function waysOf({ context }, role) {
  const found = [];
  for (const [start, ...steps] of WAYS[role] ?? []) {
    let pages = [start];
    for (const step of steps) {
      const next = [];
      for (const path of pages.slice(0, 10)) {
        next.push(...linksIn(await (await context.request.get(path)).text()).filter((link) => step.test(link)));
      }
      pages = next;
    }
    assert.ok(pages.length > 0, `${start} leads to nothing of the kind ${steps.at(-1)}`);
    found.push(pages[0]);
  }
  return found;
}

// Follows links over plain http: of each pattern of the router the first pages found, of each query key one more.
async function kindsOf({ context }, more) {
  const kinds = new Map();
  const seen = new Set();
  const queue = ["/beranda", "/beranda?lang=id", ...more];
  while (queue.length > 0) {
    const path = queue.shift();
    const route = routeOf(path);
    assert.ok(route, `${path} fits no route`);
    const known = kinds.get(route) ?? [];
    const query = path.split("?")[1] ?? "";
    const asks = `${route}?${[...new URLSearchParams(query).keys()]}`;
    if (known.length >= 3 && seen.has(asks)) continue;
    if (known.includes(path) || known.length >= 6) continue;
    seen.add(asks);
    kinds.set(route, [...known, path]);
    if (FILES.test(route)) continue;
    const answer = await context.request.get(path);
    assert.equal(answer.status(), 200, `${path} is linked and answers ${answer.status()}`);
    queue.push(...linksIn(await answer.text()));
  }
  for (const [route, paths] of kinds) {
    // Look at the plain page first, then at the one that differs most from it.
    kinds.set(route, [paths[0], paths.at(-1) === paths[0] ? undefined : paths.at(-1)]);
  }
  return kinds;
}

// Addresses that answer with a file: lists to take away, photographs and papers of a case.
const FILES = /csv|xlsx|\.ics$|^\/kasus\/\{case\}\/berkas/;

async function fileFaults({ context }, path) {
  const answer = await context.request.get(path);
  if (/^\/kasus\//.test(path)) {
    const of = (name) => answer.headers()[name] ?? "";
    const safe = /^default-src 'none'; sandbox/.test(of("content-security-policy")) && of("x-content-type-options") === "nosniff";
    const known = /^(image\/(jpeg|png)|application\/pdf)$/.test(of("content-type"));
    return answer.status() === 200 && safe && known ? [] : [`${path}: answered ${answer.status()} as ${of("content-type")}`];
  }
  const text = await answer.text();
  const found = [];
  if (answer.status() !== 200) return [`${path}: answered ${answer.status()}`];
  if (/xlsx/.test(path)) return text.startsWith("PK") ? [] : [`${path}: is no workbook`];
  if (!answer.headers()["content-disposition"]?.startsWith("attachment")) found.push("is not offered as a file");
  if (text.split("\r\n").length < 2 && text.split("\n").length < 2) found.push("has no line");
  if (/(^|,)\d{16}(,|$)/m.test(text)) found.push("has a personal number in full");
  return found.map((fault) => `${path}: ${fault}`);
}

async function faultsOf({ page, faults, context }, path, status, looks) {
  faults.length = 0;
  const found = [];
  let shown;
  for (const [viewport, lang, colorScheme] of looks) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    if (lang !== shown) {
      await context.addCookies([{ name: "pilar_bahasa", value: lang, url: BASE }]);
      const response = await page.goto(path);
      if (response.status() !== status) return [`${path}: answered ${response.status()}`];
      const html = await response.text();
      if (!html.includes(`<html lang="${lang}"`)) found.push(`${lang}: is in another language`);
      // The same templates speak both languages: their markup is read once.
      const markup = shown ? [] : [...(await markupFaults(html)), ...(path === "/komponen" ? [] : scriptFaults(html))];
      for (const fault of [...markup, ...(await wordFaults(page))]) found.push(`${lang}: ${fault}`);
      shown = lang;
    }
    const at = `${viewport.width} ${lang} ${colorScheme}`;
    for (const fault of [...(await sidewaysFaults(page)), ...(await axeFaults(page))]) found.push(`${at}: ${fault}`);
  }
  return [...found, ...faults].map((fault) => `${path}: ${fault}`);
}
