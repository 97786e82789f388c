/** The named classes of POSIX, as in `[[:digit:]]`, in the C locale: what stands between brackets in JavaScript. */
export const posixClasses: ReadonlyMap<string, string> = new Map([
  ["alpha", "A-Za-z"],
  ["digit", "0-9"],
  ["alnum", "A-Za-z0-9"],
  ["upper", "A-Z"],
  ["lower", "a-z"],
  ["xdigit", "0-9A-Fa-f"],
  ["space", " \\t\\n\\v\\f\\r"],
  ["blank", " \\t"],
  ["punct", "!-\\/:-@\\[-`{-~"],
]);
