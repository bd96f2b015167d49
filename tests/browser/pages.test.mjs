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
    while (queue.length > 0) {
      const path = queue.shift();
      const kind = kindOf(path) + (path.includes("lang=en") ? "?en" : "");
      if (seen.has(kind)) continue;
      seen.add(kind);
      const whole = !passed.has(kind);
      await checkPage(guest, path, 200, whole);
      passed.add(kind);
      queue.push(...(await linksOf(guest.page)));
    }
    assert.ok(seen.size > 4, `${account.role} reaches only ${[...seen]}`);
    await guest.context.close();
  });
}

async function checkPage({ page, faults }, path, status, whole) {
  faults.length = 0;
  const found = [];
  for (const [viewport, colorScheme] of whole ? [[NARROW, "light"], [WIDE, "light"], [WIDE, "dark"]] : [[NARROW, "dark"]]) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    const response = await page.goto(path);
    assert.equal(response.status(), status, path);
    const at = `${viewport.width} ${colorScheme}`;
    if (viewport === NARROW) found.push(...(await markupFaults(await response.text())));
    for (const fault of [...(await sidewaysFaults(page)), ...(await axeFaults(page))]) found.push(`${at}: ${fault}`);
  }
  found.push(...faults);
  assert.deepEqual(found, [], `${path}\n  ${found.join("\n  ")}`);
}
