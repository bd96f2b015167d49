// What every test of the suite needs: the running demo, its accounts, a browser, and the checks that every page must pass.
// In: PILAR_URL, PILAR_DEMO_ACCOUNTS (a JSON file with `accounts`: login, password, role), CHROMIUM. Never here: a fixed password.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { HtmlValidate } from "html-validate";

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const BASE = need("PILAR_URL");
export const ACCOUNTS = readAccounts(need("PILAR_DEMO_ACCOUNTS"));
export const NARROW = { width: 320, height: 720 };
export const WIDE = { width: 1280, height: 900 };

const RULES = {
  extends: ["html-validate:recommended", "html-validate:document"],
  rules: {
    // Our templates write boolean attributes bare and void elements without a slash; a form repeats in a list with its button.
    "long-title": "off",
    "no-trailing-whitespace": "off",
    "require-sri": "off",
    "tel-non-breaking": "off",
  },
};
const validator = new HtmlValidate(RULES);

function need(name) {
  const value = process.env[name];
  if (!value) throw new Error(`set ${name}: see CONTRIBUTING.md`);
  return value;
}

function readAccounts(source) {
  const text = source.trimStart().startsWith("{") ? source : readFileSync(source, "utf8");
  const { accounts } = JSON.parse(text);
  if (!Array.isArray(accounts) || accounts.length === 0) throw new Error("the demo has no accounts");
  return accounts;
}

export function accountOf(role) {
  const account = ACCOUNTS.find((one) => one.role === role);
  if (!account) throw new Error(`the demo has no account with the role ${role}`);
  return account;
}

export async function openBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

// A fresh visitor; `faults` collects what the browser complains of (refused script or style, failed requests, exceptions).
export async function visitor(browser, options = {}) {
  const context = await browser.newContext({ baseURL: BASE, viewport: WIDE, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) faults.push(message.text());
  });
  return { context, page, faults };
}

export async function signIn(page, { login, password }) {
  await page.goto("/masuk");
  await page.fill("#login", login);
  await page.fill("#password", password);
  await Promise.all([page.waitForURL((url) => url.pathname !== "/masuk"), page.click("main button[type=submit]")]);
}

// The kind of a page: its path with ids replaced, so that one page of each kind is visited.
export function kindOf(path) {
  return path
    .split("?")[0]
    .split("/")
    .map((part) => (/\d/.test(part) ? "{id}" : part))
    .join("/");
}

export async function linksOf(page) {
  const hrefs = await page.$$eval("a[href]", (links) => links.map((link) => link.getAttribute("href")));
  return hrefs.filter((href) => href.startsWith("/") && !/^\/(aset|tampilan|keluar)|csv/.test(href)).map((href) => href.split("#")[0]);
}

export async function axeFaults(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() =>
    axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  return violations.map(
    (fault) => {
      const place = (node) => `${node.html.slice(0, 160)} (${node.failureSummary.split("\n")[1]?.trim()})`;
      return `${fault.id}: ${fault.nodes.slice(0, 3).map(place).join(" | ")}`;
    },
  );
}

export async function sidewaysFaults(page) {
  return page.evaluate(() => {
    const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if (wide <= 0) return [];
    const guilty = [...document.querySelectorAll("main *, header *, footer *")]
      .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
      .slice(0, 3)
      .map((element) => element.outerHTML.slice(0, 120));
    return [`scrolls sideways by ${wide}px: ${guilty.join(" | ")}`];
  });
}

export async function markupFaults(html) {
  const report = await validator.validateString(html);
  return report.results
    .flatMap((result) => result.messages)
    .filter((message) => message.severity === 2)
    .map((message) => `${message.ruleId} at ${message.line}:${message.column}: ${message.message}`);
}
