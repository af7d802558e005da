// The demo on a terminal: draws the view twice a second, and reads keys.
import { systemClock } from '../../base/clock.ts'
import { createPaint } from '../paint.ts'
import type { Show } from './show.ts'
import { openScreen } from './screen.ts'
import { addSample, measureShares, type ShareSample } from './shares.ts'
import { renderView } from './view.ts'

const REDRAW_MS = 500
const CTRL_C = '\u0003'
const CTRL_D = '\u0004'

/** Shows until the function that it gives is called, which gives the terminal back. */
export function showLive(show: Show): () => void {
  const { output } = show
  const screen = openScreen(output)
  const paint = createPaint(output)
  let samples: ShareSample[] = []
  const draw = (): void => {
    const status = show.director.status()
    const shares = measureShares(samples, status)
    samples = addSample(samples, status, systemClock.now())
    const events = [...status.events, ...show.events].toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
    const processes = show.regions.map((region) => region.view())
    screen.draw(renderView({ status, processes, shares, events }, sizeOf(output), paint))
  }
  draw()
  const timer = setInterval(draw, REDRAW_MS)
  output.on('resize', draw)
  const stopKeys = readKeys(show, draw)
  return () => {
    clearInterval(timer)
    output.off('resize', draw)
    stopKeys()
    screen.close()
  }
}

/** A terminal that does not know its size counts as 80 × 24. */
function sizeOf(output: Show['output']): { columns: number; rows: number } {
  return { columns: output.columns || 80, rows: output.rows || 24 }
}

function readKeys({ input, regions, quit }: Show, draw: () => void): () => void {
  if (!input.isTTY) return () => undefined
  const onKeys = (keys: Buffer): void => {
    for (const key of keys.toString('latin1')) {
      if (key === 'q' || key === CTRL_C || key === CTRL_D) quit()
      else regions[Number.parseInt(key, 10) - 1]?.toggle()
    }
    draw()
  }
  input.setRawMode(true)
  input.on('data', onKeys)
  return () => {
    input.off('data', onKeys)
    input.setRawMode(false)
    input.pause()
  }
}
