/** An order in which everything comes after what it depends on, and the groups that cannot be ordered. */
export interface Ordered<T> {
  readonly order: readonly T[];
  /** Each a set of nodes that depend on each other in a circle; their members are not in `order`. */
  readonly cycles: readonly (readonly T[])[];
}

/**
 * Sorts nodes so that dependencies come first; where nothing decides, the given order stays. Dependencies that are not
 * nodes are ignored. Tarjan's strongly connected components, kept iterative so that a long chain cannot overflow.
 */
export function orderByDependency<T>(nodes: readonly T[], dependenciesOf: (node: T) => readonly T[]): Ordered<T> {
  const known = new Set(nodes);
  const edges = new Map(nodes.map((node) => [node, dependenciesOf(node).filter((next) => known.has(next))]));
  const order: T[] = [];
  const cycles: T[][] = [];
  for (const component of components(nodes, (node) => edges.get(node) ?? [])) {
    const [only] = component;
    const alone = component.length === 1 && only !== undefined && !(edges.get(only) ?? []).includes(only);
    if (alone) order.push(...component);
    else cycles.push(component);
  }
  return { order, cycles };
}

interface Visit<T> {
  readonly node: T;
  readonly index: number;
  low: number;
  next: number;
}

/** Strongly connected components, dependencies first. */
function components<T>(nodes: readonly T[], edgesOf: (node: T) => readonly T[]): T[][] {
  const found: T[][] = [];
  const indexes = new Map<T, number>();
  const open: T[] = [];
  const isOpen = new Set<T>();
  const path: Visit<T>[] = [];
  const enter = (node: T) => {
    path.push({ node, index: indexes.size, low: indexes.size, next: 0 });
    indexes.set(node, indexes.size);
    open.push(node);
    isOpen.add(node);
  };
  for (const start of nodes) {
    if (indexes.has(start)) continue;
    enter(start);
    for (let visit = path.at(-1); visit; visit = path.at(-1)) {
      const edges = edgesOf(visit.node);
      const next = edges[visit.next];
      visit.next += 1;
      if (next !== undefined) {
        if (!indexes.has(next)) enter(next);
        else if (isOpen.has(next)) visit.low = Math.min(visit.low, indexes.get(next) ?? visit.low);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent) parent.low = Math.min(parent.low, visit.low);
      if (visit.low !== visit.index) continue;
      const component = open.splice(open.lastIndexOf(visit.node));
      for (const member of component) isOpen.delete(member);
      found.push(component);
    }
  }
  return found;
}
