/** The kernel's name for an object: it takes a hyphen and an underscore for the same. The suffix must be off already. */
export function loadedName(objectName: string): string {
  return objectName.replaceAll("-", "_");
}
