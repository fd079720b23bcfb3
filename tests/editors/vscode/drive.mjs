// Drives VS Code in a browser: installs the extension, opens a program, and writes what a person would see as JSON.
// Arguments: the folder of code-server's node_modules, the .vsix, the workspace, a folder for everything else.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import path from "node:path";

const [modules, vsix, workspace, scratch] = process.argv.slice(2);
const require = createRequire(path.join(modules, "index.js"));
const { chromium } = require("playwright-core");
const entry = path.join(modules, "code-server", "out", "node", "entry.js");
const PATIENCE = 45_000;

const data = path.join(scratch, "data");
const extensions = path.join(scratch, "extensions");
mkdirSync(path.join(data, "User"), { recursive: true });
writeFileSync(
  path.join(data, "User", "settings.json"),
  JSON.stringify({
    "workbench.startupEditor": "none",
    "security.workspace.trust.enabled": false,
    "extensions.ignoreRecommendations": true,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "chat.commandCenter.enabled": false,
  }),
);
// At first the setting names a Python that does not exist, so that the extension says what is missing.
const ownSettings = path.join(workspace, ".vscode", "settings.json");
mkdirSync(path.dirname(ownSettings), { recursive: true });
writeFileSync(ownSettings, JSON.stringify({ "zkwasm.python": "/nowhere/python" }));
const folders = ["--user-data-dir", data, "--extensions-dir", extensions];
const installed = spawnSync(process.execPath, [entry, ...folders, "--install-extension", vsix], { encoding: "utf-8" });
if (installed.status !== 0) throw new Error(`the extension was not installed: ${installed.stdout}${installed.stderr}`);

const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});
const words = [entry, ...folders, "--auth", "none", "--bind-addr", `127.0.0.1:${port}`, "--disable-telemetry", "--disable-update-check"];
const server = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"], detached: true });
let log = "";
for (const stream of [server.stdout, server.stderr]) stream.on("data", (bytes) => (log += bytes));
let browser;
try {
  const end = Date.now() + PATIENCE;
  while (!log.includes("HTTP server listening")) {
    if (Date.now() > end || server.exitCode !== null) throw new Error(`code-server does not listen: ${log}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  page.setDefaultTimeout(PATIENCE);
  await page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(workspace)}`);
  const result = await use(page);
  process.stdout.write(JSON.stringify(result));
} finally {
  await browser?.close();
  process.kill(-server.pid);
}

async function use(page) {
  const shot = (name) => page.screenshot({ path: path.join(scratch, `${name}.png`) });
  const command = async (title) => {
    await page.keyboard.press("F1");
    await page.locator(".quick-input-widget input").first().fill(`>${title}`);
    await page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first().click();
  };
  const open = async (name) => {
    await page.locator(".explorer-folders-view .monaco-list-row", { hasText: name }).dblclick();
    await page.locator(".tab.active", { hasText: name }).waitFor();
  };
  const result = {};
  try {
    await page.locator(".monaco-workbench").waitFor();
    await page.locator(".explorer-folders-view .monaco-list-row", { hasText: "main.zkasm" }).waitFor();
    await open("main.zkasm");
    const missing = page.locator(".notification-toast", { hasText: "language server" });
    result.missing = await missing.innerText();
    await shot("missing");
    // With the setting gone, the extension looks again and finds the server in .venv.
    writeFileSync(ownSettings, "{}");
    // The lens is the server's: it answers.
    const lens = page.locator(".codelens-decoration a", { hasText: "run all assertions" });
    await lens.waitFor();
    result.colours = await page.locator(".view-line span span").evaluateAll((spans) => new Set(spans.map((span) => span.className)).size);
    await page.locator(".squiggly-error").first().waitFor();
    await command("Problems: Focus on Problems View");
    const problem = page.locator(".markers-panel .monaco-list-row", { hasText: "nowhere" });
    result.diagnostic = await problem.first().innerText();
    await shot("diagnostic");
    await command("View: Close Panel").catch(() => page.keyboard.press("Control+j"));
    await page.locator(".view-line", { hasText: "sum:" }).locator("span span", { hasText: "sum" }).first().hover();
    const hover = page.locator(".monaco-hover .hover-contents", { hasText: "routine" });
    result.hover = await hover.first().innerText();
    await shot("hover");
    await page.keyboard.press("Escape");
    await page.mouse.move(1200, 700);
    await open("sums.zkasm");
    await page.locator(".codelens-decoration a", { hasText: "run all assertions" }).waitFor();
    await command("zkASM: Run All Assertions");
    const status = page.locator(".statusbar-item", { hasText: "assertions" });
    await status.first().waitFor();
    result.run = await status.first().innerText();
    await page.locator(".codelens-decoration", { hasText: "✗" }).first().waitFor();
    result.lenses = await page.locator(".codelens-decoration").allInnerTexts();
    await shot("run");
    await command("zkASM: Show What the Code Costs");
    await page.locator(".tab", { hasText: "Cost of sums.zkasm" }).waitFor();
    const cost = page.frameLocator("iframe.webview.ready").last().frameLocator("iframe").locator("body");
    await cost.getByText("Routine:").first().waitFor();
    result.cost = await cost.innerText();
    await shot("cost");
  } catch (error) {
    await shot("failure");
    throw error;
  }
  return result;
}
