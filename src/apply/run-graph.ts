/** Something to do after other things. */
export interface GraphNode {
  readonly id: string;
  readonly dependsOn: readonly string[];
}

export interface GraphWork<N extends GraphNode> {
  /** Does it; the promise ends when it is over, however it went. Must not reject. */
  readonly run: (node: N) => Promise<void>;
  /** Nodes that share one of these never run at the same time. */
  readonly resources: (node: N) => readonly string[];
  /** How many may run at the same time, of those that are `counted`. */
  readonly width: number;
  readonly counted: (node: N) => boolean;
}

/**
 * Runs every node after all that it depends on is over, at most `width` of the counted ones at a time; among ready nodes
 * the given order counts. Whether a node still makes sense after what happened before is for `run` to decide.
 * Dependencies that are not nodes count as over; a circle is a bug of the caller's and is thrown.
 */
export async function runGraph<N extends GraphNode>(nodes: readonly N[], work: GraphWork<N>): Promise<void> {
  const waiting = [...nodes];
  const unfinished = new Set(nodes.map(({ id }) => id));
  const taken = new Set<string>();
  const running = new Map<string, Promise<string>>();
  let counted = 0;
  const canRun = (node: N) =>
    (counted < work.width || !work.counted(node)) &&
    node.dependsOn.every((id) => !unfinished.has(id)) &&
    work.resources(node).every((one) => !taken.has(one));
  const start = (node: N) => {
    const resources = work.resources(node);
    const weight = work.counted(node) ? 1 : 0;
    for (const one of resources) taken.add(one);
    counted += weight;
    const over = work.run(node).then(() => {
      for (const one of resources) taken.delete(one);
      counted -= weight;
      return node.id;
    });
    running.set(node.id, over);
  };
  while (waiting.length > 0 || running.size > 0) {
    for (let next = waiting.findIndex(canRun); next >= 0; next = waiting.findIndex(canRun)) {
      for (const node of waiting.splice(next, 1)) start(node);
    }
    if (running.size === 0) throw new Error(`steps wait for each other: ${waiting.map(({ id }) => id).join(", ")}`);
    const id = await Promise.race(running.values());
    running.delete(id);
    unfinished.delete(id);
  }
}
