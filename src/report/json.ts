/** Minor versions add fields; readers ignore fields that they do not know and refuse an unknown major version. */
const formatVersion = "1.0";

/** What every document begins with. */
export function documentHead(toolVersion: string): { readonly format_version: string; readonly tool_version: string } {
  return { format_version: formatVersion, tool_version: toolVersion };
}

/** A document for people and programs alike: indented, with a newline at its end. */
export function jsonText(document: object): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
