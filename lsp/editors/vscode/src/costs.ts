// Shows what the routines of a file cost: what the server says of each label, as one page beside the editor.

import * as path from "node:path";
import * as vscode from "vscode";

const SCHEME = "zkwasm-cost";

/** More labels than this make a page that nobody reads; the server answers each in a millisecond or two. */
const MOST_LABELS = 300;

export function registerCosts(context: vscode.ExtensionContext): void {
  const pages = new Map<string, string>();
  context.subscriptions.push(
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
      provideTextDocumentContent: (uri) => pages.get(uri.toString()) ?? "",
    }),
    vscode.commands.registerCommand("zkwasm.showCost", async () => {
      const document = vscode.window.activeTextEditor?.document;
      if (document?.languageId !== "zkasm") {
        void vscode.window.showInformationMessage("Open a .zkasm file first.");
        return;
      }
      const name = path.basename(document.fileName);
      // Each time a new address: a page that is shown would not be read again.
      const uri = vscode.Uri.from({ scheme: SCHEME, path: `/Cost of ${name}.md`, query: `${document.uri.toString()}#${document.version}` });
      pages.clear();
      pages.set(uri.toString(), await page(document, name));
      await vscode.commands.executeCommand("markdown.showPreviewToSide", uri);
    }),
  );
}

/** The page as Markdown: the hover texts of all labels, in the order of the file. */
async function page(document: vscode.TextDocument, name: string): Promise<string> {
  const found = await vscode.commands.executeCommand<vscode.DocumentSymbol[] | undefined>("vscode.executeDocumentSymbolProvider", document.uri);
  const labels = flat(found ?? []).filter((symbol) => symbol.kind === vscode.SymbolKind.Function);
  const sections: string[] = [];
  for (const label of labels.slice(0, MOST_LABELS)) {
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>("vscode.executeHoverProvider", document.uri, label.selectionRange.start);
    const said = hovers.flatMap((hover) => hover.contents.map(textOf)).join("\n\n");
    // The hover begins with the label as code, which is a heading on a page.
    sections.push(`## \`${label.name}\`\n\n${said.replace(/^```[^]*?```\s*/, "")}`);
  }
  if (labels.length === 0) sections.push("The file has no labels.");
  if (labels.length > MOST_LABELS) sections.push(`There are ${labels.length - MOST_LABELS} labels more.`);
  return [`# What ${name} costs`, ...sections].join("\n\n");
}

function flat(symbols: vscode.DocumentSymbol[]): vscode.DocumentSymbol[] {
  return symbols.flatMap((symbol) => [symbol, ...flat(symbol.children)]);
}

function textOf(content: vscode.MarkdownString | vscode.MarkedString): string {
  return typeof content === "string" ? content : content.value;
}
