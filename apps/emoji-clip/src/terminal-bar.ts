import type { RenderProgress } from './data/render-designers';

/** Shows how the rendering goes: one line that changes in a terminal, a line for each designer otherwise. */
export function renderBar(stream: NodeJS.WriteStream = process.stderr) {
  const lanes = new Map<string, RenderProgress>();
  return {
    show(progress: RenderProgress): void {
      const { designer, done, total } = progress;
      if (!stream.isTTY) {
        if (done === total) stream.write(`rendered ${designer.name}: ${total} pictures\n`);
        return;
      }
      lanes.set(designer.id, progress);
      const running = [...lanes.values()].filter((lane) => lane.done < lane.total);
      const line = running.map((lane) => `${lane.designer.name} ${lane.done}/${lane.total}`).join('   ');
      stream.write(`\r\x1b[Krendering: ${line}`.slice(0, (stream.columns ?? 80) + 4));
    },
    end(): void {
      if (stream.isTTY && lanes.size > 0) stream.write('\r\x1b[K');
    },
  };
}
