// What every test of the suite needs: the running demo, its accounts, a browser, and the checks that every page must pass.
// In: PILAR_URL, PILAR_DEMO_ACCOUNTS (a JSON file with `accounts`: login, password, role), CHROMIUM. Never here: a fixed password.

import { readFileSync, readdirSync } from "node:fs";
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
  const context = await browser.newContext({ baseURL: BASE, viewport: WIDE, reducedMotion: "reduce", ...options });
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

// The addresses of the program as its router knows them: method and pattern. A new page without a visitor fails the suite.
export const ROUTES = readRoutes(
  readFileSync(new URL("../../crates/web/src/pages/mod.rs", import.meta.url), "utf8"),
);

export function readRoutes(source) {
  const routes = [];
  for (const [, path, methods] of source.matchAll(/\.route\(\s*"([^"]+)",\s*([^\n]+)\)\s*$/gm)) {
    for (const method of ["get", "post"]) {
      if (new RegExp(`\\b${method}\\(`).test(methods)) routes.push({ method, path, shape: shapeOf(path) });
    }
  }
  if (routes.length < 40) throw new Error(`only ${routes.length} routes were read from the router`);
  return routes;
}

function shapeOf(path) {
  const parts = path.split("/").map((part) => (/^\{\*/.test(part) ? ".+" : /^\{/.test(part) ? "[^/]+" : part.replace(".", "\\.")));
  return new RegExp(`^${parts.join("/")}$`);
}

// The pattern of an address: the literal one where two fit (/keluarga/csv before /keluarga/{family}).
export function routeOf(address, method = "get") {
  const path = address.split(/[?#]/)[0];
  const fits = ROUTES.filter((route) => route.method === method && route.shape.test(path));
  fits.sort((a, b) => a.path.split("{").length - b.path.split("{").length);
  return fits[0]?.path;
}

export function linksIn(html) {
  const hrefs = [...html.matchAll(/<a\b[^>]*?\shref="([^"]*)"/g)].map(([, href]) => href.replace(/&(amp|#38);/g, "&"));
  return hrefs.filter((href) => href.startsWith("/") && !/^\/(aset|tampilan|keluar$)/.test(href)).map((href) => href.split("#")[0]);
}

// Words that were not found show as their key, and codes of the data as themselves: both look like this_or-that.
const WORDS = wordKeys();

function wordKeys() {
  const folder = new URL("../../policy/words/id/", import.meta.url);
  const text = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), "utf8")).join("\n");
  const stems = new Set([...text.matchAll(/^([a-z]+)-[\w-]+ =/gm)].map(([, stem]) => stem));
  return new RegExp(`(^|[\\s"'(:])(${[...stems].join("|")})-[a-z0-9]+(-[a-z0-9_.]+)*(?=$|[\\s"'),.:])`);
}

// What a reader must never see: a key instead of its word, a place for a value that was not filled, a code of the data. Words of the
// data itself (names of files, columns, codes) stand in <code> and are left out.
export async function wordFaults(page) {
  const texts = await page.evaluate(() => {
    const found = [document.title];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (!node.parentElement.closest("code, script, style")) found.push(node.data.trim());
    }
    for (const element of document.querySelectorAll("[aria-label], [title], [placeholder], [data-label], [alt]")) {
      for (const name of ["aria-label", "title", "placeholder", "data-label", "alt"]) {
        found.push(element.getAttribute(name) ?? "");
      }
    }
    return [...new Set(found)].filter(Boolean);
  });
  const signs = [WORDS, /\{ ?\$?\w+ ?\}/, /(^|\s)[a-z]+_[a-z_]+(?=$|[\s.,:)])/, /\b(undefined|NaN|null)\b/];
  const bad = (text) => signs.some((sign) => sign.test(text));
  return texts.filter(bad).map((text) => `no word for: ${text.slice(0, 120)}`);
}

// Without script every link leads somewhere, every button sends a form, and whatever htmx does a link or a form does as well.
export function scriptFaults(html) {
  const found = [];
  for (const [tag] of html.matchAll(/<a\b[^>]*>/g)) {
    const leads = /\shref="/.test(tag) && !/\shref="(#"|javascript:|")/.test(tag);
    if (!leads) found.push(`leads nowhere without script: ${tag.slice(0, 120)}`);
  }
  for (const [tag] of html.matchAll(/<(\w+)\b[^>]*\sdata-hx-(get|post)="[^>]*>/g)) {
    if (!/^<a\b[^>]*\shref="|^<form\b[^>]*\saction="/.test(tag)) found.push(`does nothing without script: ${tag.slice(0, 120)}`);
  }
  for (const [tag] of html.matchAll(/<button\b[^>]*>/g)) {
    const works = /\stype="submit"/.test(tag) || /\sdata-(print|share)\b[^>]*\shidden/.test(tag);
    if (!works) found.push(`a button that needs script: ${tag.slice(0, 120)}`);
  }
  if (/\sstyle="|<style|\son\w+="|<script(?![^>]*\ssrc=)/.test(html)) found.push("inline script or style");
  return found;
}

export async function axeFaults(page) {
  if (!(await page.evaluate("typeof axe === 'object'"))) await page.evaluate(AXE);
  const { violations } = await page.evaluate(() =>
    // Rows of a table come from one template: the first ten stand for all.
    axe.run({ include: document, exclude: ["tbody tr:nth-child(n + 11)"] }, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      resultTypes: ["violations"],
    }),
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
