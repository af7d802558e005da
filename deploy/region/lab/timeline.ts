// A run as a picture: for each region's users, second by second, who answered them (area) and what they lost (bars above),
// with the faults marked. SVG without scripts or fonts of its own.
import { within, type Sample } from './measure.ts'
import { REGIONS } from './plan.ts'

export interface Mark {
  readonly at: number
  readonly text: string
  /** Whether it ends a fault. */
  readonly heals: boolean
}

const COLOURS = ['#3b6fb6', '#5fa55a', '#e0a030']
const LOST_COLOUR = '#c0392b'
const STEP_MS = 1000
const PIXELS_PER_STEP = 5
const LANE = 120
const GAP = 40
const LEFT = 80
const TOP = 60

/** `from` and `to`: monotonic ms. */
export function drawTimeline(
  title: string,
  samples: readonly Sample[],
  marks: readonly Mark[],
  from: number,
  to: number,
): string {
  const steps = Math.max(1, Math.ceil((to - from) / STEP_MS))
  const [width, height] = [LEFT + steps * PIXELS_PER_STEP + 20, TOP + REGIONS.length * (LANE + GAP) + 20]
  const x = (at: number) => LEFT + ((at - from) / STEP_MS) * PIXELS_PER_STEP
  const lanes = REGIONS.map(({ name }, i) => drawLane(name, samples, from, steps, TOP + i * (LANE + GAP)))
  const lines = marks.map(({ at, text, heals }, i) => {
    const at_ = x(at).toFixed(1)
    const line = `<line x1="${at_}" x2="${at_}" y1="${TOP - 8}" y2="${height - 30}" stroke="#333" stroke-dasharray="${heals ? '1 3' : '4 2'}"/>`
    return heals ? line : `${line}<text x="${at_}" y="${i % 4 < 2 ? 36 : 48}">${escape(text)}</text>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="10">`,
    `<rect width="100%" height="100%" fill="white"/><text x="${LEFT}" y="18" font-size="13">${escape(title)}</text>`,
    ...lanes,
    ...lines,
    drawLegend(height - 8),
    '</svg>\n',
  ].join('\n')
}

function drawLane(home: string, samples: readonly Sample[], from: number, steps: number, top: number): string {
  const own = samples.filter((sample) => sample.home === home)
  const bars = Array.from({ length: steps }, (_, i) => {
    const second = within(own, from + i * STEP_MS, from + (i + 1) * STEP_MS)
    return drawStep(second, LEFT + i * PIXELS_PER_STEP, top)
  })
  const label = `<text x="8" y="${top + LANE / 2}">${escape(home)}</text>`
  const frame = `<rect x="${LEFT}" y="${top}" width="${steps * PIXELS_PER_STEP}" height="${LANE}" fill="none" stroke="#999"/>`
  return `<g>${label}${bars.join('')}${frame}</g>`
}

/** From the bottom: who answered, then what was lost. */
function drawStep(second: readonly Sample[], x: number, top: number): string {
  if (second.length === 0) return ''
  const parts = [
    ...REGIONS.map(({ name }, i) => ({
      colour: COLOURS[i]!,
      count: second.filter(({ met, lost }) => met === name && lost === undefined).length,
    })),
    { colour: LOST_COLOUR, count: second.filter(({ lost }) => lost !== undefined).length },
  ]
  let bottom = top + LANE
  return parts
    .filter(({ count }) => count > 0)
    .map(({ colour, count }) => {
      const height = (count / second.length) * LANE
      bottom -= height
      return `<rect x="${x}" y="${bottom.toFixed(1)}" width="${PIXELS_PER_STEP}" height="${height.toFixed(1)}" fill="${colour}"/>`
    })
    .join('')
}

function drawLegend(y: number): string {
  const entries = [...REGIONS.map(({ name }, i) => [name, COLOURS[i]!]), ['lost', LOST_COLOUR]]
  return entries
    .map(([name, colour], i) => {
      const x = LEFT + i * 110
      return `<rect x="${x}" y="${y - 9}" width="10" height="10" fill="${colour!}"/><text x="${x + 14}" y="${y}">${name!}</text>`
    })
    .join('')
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
