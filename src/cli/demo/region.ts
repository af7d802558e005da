// One region of the demo, as a process of its own so that killing it is real: an HTTP server that says which region it is.
// Started by region-process.ts with its name, address and port; it ends when the process that started it is gone.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/** What a region's process tells its parent, once. */
export type RegionMessage = { readonly listening: true } | { readonly failed: string }

const [name = '', address = '', port = ''] = process.argv.slice(2)
let visits = 0

const server = createServer((request, response) => {
  if (request.url === '/health') answerHealth(response)
  else answerVisitor(request, response)
})
server.on('error', (error: NodeJS.ErrnoException) => {
  tell({ failed: error.code ?? error.message })
  process.exitCode = 1
  process.disconnect?.()
})
server.listen({ host: address, port: Number(port) }, () => tell({ listening: true }))

// A Ctrl-C in the terminal reaches this process too; the demo says when to end, by ending the channel between us.
process.on('SIGINT', () => undefined)
process.on('disconnect', () => {
  server.close()
  server.closeAllConnections()
})

function tell(message: RegionMessage): void {
  process.send?.(message)
}

function answerHealth(response: ServerResponse): void {
  response.setHeader('content-type', 'application/json')
  response.end(`${JSON.stringify({ region: name, healthy: true })}\n`)
}

function answerVisitor(request: IncomingMessage, response: ServerResponse): void {
  visits++
  const text = `${name} answered (${address}:${port}, process ${process.pid}, visit ${visits})`
  const wantsPage = request.headers.accept?.includes('text/html') ?? false
  response.setHeader('content-type', wantsPage ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8')
  response.end(wantsPage ? `<!doctype html><title>${name}</title><h1>${name}</h1><p>${text}</p>\n` : `${text}\n`)
}
