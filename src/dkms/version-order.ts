/**
 * DKMS's order of versions: negative, zero or positive. Every run of one or two digits is padded to three, and the
 * rest is compared as text: right for kernel and module versions in use, wrong from four digits on (1000 comes before
 * 999), and kept so because dkms.conf files are written against it. Use {@link compareReleases} for everything else.
 */
export function compareVersions(a: string, b: string): number {
  return compareText(padNumbers(a), padNumbers(b));
}

/**
 * The order of kernel releases for selectors and `newest`: negative, zero or positive; zero only for equal texts.
 * Numbers are compared as numbers whatever their length, `~` comes before everything, letters before other signs: as
 * `sort -V` and dpkg.
 */
export function compareReleases(a: string, b: string): number {
  const left = splitNumbers(a);
  const right = splitNumbers(b);
  const pieces = Math.max(left.length, right.length);
  for (let i = 0; i < pieces; i++) {
    const compare = i % 2 === 0 ? compareSigns : compareNumbers;
    const order = compare(left[i] ?? "", right[i] ?? "");
    if (order !== 0) return order;
  }
  // 6.01 and 6.1 are the same numbers and yet two kernels.
  return compareText(a, b);
}

function padNumbers(version: string): string {
  return version.replace(/\d+/g, (digits) => digits.padStart(3, "0"));
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Text and numbers by turns, text first: `6.1` is `["", "6", ".", "1"]`. */
function splitNumbers(release: string): string[] {
  return release.split(/(\d+)/);
}

function compareSigns(a: string, b: string): number {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = rank(a.charAt(i)) - rank(b.charAt(i));
    if (order !== 0) return order;
  }
  return 0;
}

/** `~`, then the end of the text, then letters, then everything else. */
function rank(sign: string): number {
  if (sign === "~") return -1;
  if (sign === "") return 0;
  return /[A-Za-z]/.test(sign) ? sign.charCodeAt(0) : sign.charCodeAt(0) + 256;
}

function compareNumbers(a: string, b: string): number {
  const left = a.replace(/^0+/, "");
  const right = b.replace(/^0+/, "");
  return left.length - right.length || compareText(left, right);
}
