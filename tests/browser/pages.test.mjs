// Every role sees every page it can reach, on a phone and on a desk, in both themes: nothing breaks, nothing scrolls sideways, axe finds
// nothing, the markup is valid, and the browser refuses nothing of ours.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  ACCOUNTS, NARROW, WIDE, axeFaults, kindOf, linksOf, markupFaults, openBrowser, sidewaysFaults, signIn, visitor,
} from "./harness.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
});

// Pages reached by role; a kind of page that a former role has passed is checked again only at one width.
const passed = new Set();

test("visitors see the sign-in page and the components", async () => {
  const guest = await visitor(browser);
  for (const path of ["/masuk", "/komponen", "/tidak-ada"]) {
    await checkPage(guest, path, path === "/tidak-ada" ? 404 : 200, true);
  }
  await guest.context.close();
});

for (const account of ACCOUNTS) {
  test(`${account.role}: every page that can be reached`, async () => {
    const guest = await visitor(browser);
    await signIn(guest.page, account);
    const seen = new Set();
    const queue = ["/beranda", "/beranda?lang=en"];
    const found = [];
    while (queue.length > 0) {
      const path = queue.shift();
      const kind = kindOf(path) + (path.includes("lang=en") ? "?en" : "");
      if (seen.has(kind)) continue;
      seen.add(kind);
      const whole = !passed.has(kind);
      found.push(...(await faultsOf(guest, path, 200, whole)));
      passed.add(kind);
      queue.push(...(await linksOf(guest.page)));
    }
    assert.deepEqual(found, [], found.join("\n"));
    assert.ok(seen.size > 4, `${account.role} reaches only ${[...seen]}`);
    await guest.context.close();
  });
}

async function checkPage(guest, path, status, whole) {
  const found = await faultsOf(guest, path, status, whole);
  assert.deepEqual(found, [], found.join("\n"));
}

async function faultsOf({ page, faults }, path, status, whole) {
  faults.length = 0;
  const found = [];
  for (const [viewport, colorScheme] of whole ? [[NARROW, "light"], [WIDE, "light"], [WIDE, "dark"]] : [[NARROW, "dark"]]) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    const response = await page.goto(path);
    if (response.status() !== status) return [`${path}: answered ${response.status()}`];
    const at = `${viewport.width} ${colorScheme}`;
    if (viewport === NARROW) found.push(...(await markupFaults(await response.text())));
    for (const fault of [...(await sidewaysFaults(page)), ...(await axeFaults(page))]) found.push(`${at}: ${fault}`);
  }
  return [...found, ...faults].map((fault) => `${path}: ${fault}`);
}
