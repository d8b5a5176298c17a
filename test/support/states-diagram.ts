import { type Life, lives } from '../../shared/kernel/states.ts'

/** The tables of moves as mermaid state diagrams, the picture in the READMEs. */
export function statesDiagram(life: Life): string {
  const table: Readonly<Record<string, readonly string[]>> = lives[life]
  const [first = ''] = Object.keys(table)
  const moves = Object.entries(table).flatMap(([from, targets]) => targets.map((to) => `  ${from} --> ${to}`))
  const ends = Object.entries(table).filter(([, targets]) => targets.length === 0)
  return ['```mermaid', 'stateDiagram-v2', `  [*] --> ${first}`, ...moves, ...ends.map(([state]) => `  ${state} --> [*]`), '```'].join('\n')
}
