import { nameProblem } from "./id.ts";

/**
 * A name as one plain component of a path, so that no id can lead out of its tree. One that cannot be is a bug of the
 * caller's, who should have refused it, and is thrown. Pure.
 */
export function component(text: string): string {
  const problem = nameProblem(text);
  if (problem) throw new Error(`"${text}" cannot be part of a path: it ${problem}`);
  return text;
}

/** `<directory>/<name>`: of a directory without slash at its end and a plain name; path.join looks at every letter. Pure. */
export function inside(directory: string, name: string): string {
  return directory === "/" ? `/${name}` : `${directory}/${name}`;
}
