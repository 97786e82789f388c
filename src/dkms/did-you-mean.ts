import { distance } from "fastest-levenshtein";

/** A hint that names the candidate most like the word; `undefined` if none is like it. */
export function didYouMean(word: string, candidates: readonly string[]): string | undefined {
  const nearest = nearestOf(word, candidates);
  return nearest === undefined ? undefined : `Did you mean "${nearest}"?`;
}

const longestWord = 64;

/** The candidate most like the word, if at most a third of the word would have to change. */
export function nearestOf(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > longestWord) return undefined;
  const lowered = word.toLowerCase();
  const rated = candidates.map((candidate) => ({ candidate, rating: distance(lowered, candidate.toLowerCase()) }));
  const best = rated.sort((left, right) => left.rating - right.rating)[0];
  return best && best.rating <= Math.max(1, Math.ceil(word.length / 3)) ? best.candidate : undefined;
}
