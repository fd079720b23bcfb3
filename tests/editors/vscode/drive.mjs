// Drives VS Code in a browser: installs the extension, uses it as a person does, and writes what that person would see as
// JSON. Arguments: the folder of code-server's node_modules, the .vsix, that of the stand-in for the Python extension, the
// folder with one workspace for each part, a folder for everything else. Pictures go into ZKWASM_SCREENSHOTS, or there,
// too. The environment is that of the extension.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import path from "node:path";

const [modules, vsix, pythonVsix, workspaces, scratch] = process.argv.slice(2);
const require = createRequire(path.join(modules, "index.js"));
const { chromium } = require("playwright-core");
const entry = path.join(modules, "code-server", "out", "node", "entry.js");
const pictures = process.env.ZKWASM_SCREENSHOTS || scratch;
const PATIENCE = 45_000;
/** What pip takes to fetch and install everything. */
const PATIENCE_TO_INSTALL = 180_000;

const data = path.join(scratch, "data");
const folders = ["--user-data-dir", data, "--extensions-dir", path.join(scratch, "extensions")];
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

function installExtension(file) {
  const done = spawnSync(process.execPath, [entry, ...folders, "--install-extension", file], { encoding: "utf-8" });
  if (done.status !== 0) throw new Error(`${file} was not installed: ${done.stdout}${done.stderr}`);
}

/** The settings of a workspace, in place of those before. */
function setSettings(workspace, settings) {
  const file = path.join(workspaces, workspace, ".vscode", "settings.json");
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(settings));
}

/** What a person does in one window. */
class Window {
  constructor(page, name) {
    this.page = page;
    this.name = name;
  }

  async open(port) {
    this.page.setDefaultTimeout(PATIENCE);
    await this.page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(path.join(workspaces, this.name))}`);
    await this.page.locator(".explorer-folders-view .monaco-list-row").first().waitFor();
  }

  shot(name) {
    return this.page.screenshot({ path: path.join(pictures, `${name}.png`) });
  }

  async command(title) {
    await this.page.keyboard.press("F1");
    await this.page.locator(".quick-input-widget input").first().fill(`>${title}`);
    await this.pick(title);
  }

  async pick(text) {
    await this.page.locator(".quick-input-list .monaco-list-row", { hasText: text }).first().click();
  }

  async openFile(name) {
    await this.page.locator(".explorer-folders-view .monaco-list-row", { hasText: name }).dblclick();
    await this.page.locator(".tab.active", { hasText: name }).waitFor();
  }

  /** The lens is the server's: it answers. */
  async served(timeout = PATIENCE) {
    await this.page.locator(".codelens-decoration a", { hasText: "run all assertions" }).waitFor({ timeout });
  }

  /** The message that the server is missing. */
  missing() {
    return this.page.locator(".notification-toast", { hasText: "language server" });
  }

  async press(button) {
    await this.missing().locator(".monaco-button", { hasText: button }).first().click();
  }

  /** A row of the view of problems, which the terminal of a task may cover again. */
  async problem(text) {
    const row = this.page.locator(".markers-panel .monaco-list-row", { hasText: text }).first();
    for (const end = Date.now() + PATIENCE; ; ) {
      await this.command("Problems: Focus on Problems View");
      try {
        return await row.innerText({ timeout: 2_000 });
      } catch (error) {
        if (Date.now() > end) throw error;
      }
    }
  }
}

/** The parts: each in the workspace of its name. Each looks for the server anew. */
const PARTS = {
  async editing(window) {
    const { page } = window;
    const result = {};
    await window.openFile("main.zkasm");
    result.missing = await window.missing().innerText();
    await window.shot("missing");
    // With the setting gone, the extension looks again and finds the server in .venv.
    setSettings("editing", {});
    await window.served();
    await page.locator(".squiggly-error").first().waitFor();
    result.diagnostic = await window.problem("nowhere");
    await window.shot("diagnostic");
    await page.keyboard.press("Control+j");
    await page.locator(".view-line", { hasText: "sum:" }).locator("span span", { hasText: "sum" }).first().hover();
    result.hover = await page.locator(".monaco-hover .hover-contents", { hasText: "routine" }).first().innerText();
    await window.shot("hover");
    await page.keyboard.press("Escape");
    await page.mouse.move(1200, 700);
    await window.openFile("sums.zkasm");
    await window.served();
    await window.command("zkASM: Run All Assertions");
    const status = page.locator(".statusbar-item", { hasText: "assertions" });
    result.run = await status.first().innerText();
    await page.locator(".codelens-decoration", { hasText: "✗" }).first().waitFor();
    result.lenses = await page.locator(".codelens-decoration").allInnerTexts();
    await window.shot("run");
    await window.command("zkASM: Show What the Code Costs");
    await page.locator(".tab", { hasText: "Cost of sums.zkasm" }).waitFor();
    const cost = page.frameLocator("iframe.webview.ready").last().frameLocator("iframe").locator("body");
    await cost.getByText("Routine:").first().waitFor();
    result.cost = await cost.innerText();
    await window.shot("cost");
    return result;
  },

  async tasks(window) {
    const result = {};
    await window.openFile("main.zkasm");
    await window.served();
    await window.command("Tasks: Run Task");
    await window.pick("zkwasm");
    await window.shot("tasks");
    await window.pick("assemble the open program");
    result.assembled = await window.problem("nowhere");
    await window.shot("assembled");
    // One that is written in tasks.json.
    await window.command("Tasks: Run Task");
    await window.pick("what must hold");
    result.tested = await window.problem("A is 5, not 6");
    await window.shot("tested");
    return result;
  },

  async selecting(window) {
    const result = {};
    await window.openFile("main.zkasm");
    result.missing = await window.missing().innerText();
    await window.shot("selecting");
    await window.press("Choose a Python");
    await window.shot("choosing");
    await window.pick("served");
    await window.served();
    return result;
  },

  async installing(window) {
    const result = {};
    await window.openFile("main.zkasm");
    result.missing = await window.missing().innerText();
    await window.press("Install");
    await window.served(PATIENCE_TO_INSTALL);
    await window.shot("installed");
    return result;
  },
};

async function use(browser, port, name) {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  const window = new Window(page, name);
  try {
    await window.open(port);
    return await PARTS[name](window);
  } catch (error) {
    await window.shot(`failure-${name}`);
    throw error;
  } finally {
    await page.close();
  }
}

// At first the setting names a Python that does not exist, so that the extension says what is missing.
setSettings("editing", { "zkwasm.python": "/nowhere/python" });
// What the server says of the same line is not to be taken for what a task says.
setSettings("tasks", { "zkwasm.diagnostics.severity": { label_undefined: "off" } });
installExtension(vsix);

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
  const result = {};
  for (const name of ["editing", "tasks"]) result[name] = await use(browser, port, name);
  installExtension(pythonVsix);
  for (const name of ["selecting", "installing"]) result[name] = await use(browser, port, name);
  process.stdout.write(JSON.stringify(result));
} finally {
  await browser?.close();
  process.kill(-server.pid);
}
