// One endpoint for tests, in a process of its own: answers after DELAY_MS (5) with its process id, and tells its parent
// its URL. GET /health says whether it is well; POST /sick makes it unwell. SIGTERM ends it after the calls under way.
import { createServer } from 'node:http';

const delayMs = Number(process.env.DELAY_MS ?? 5);
let well = true;

const server = createServer((request, response) => {
  request.resume();
  if (request.url === '/health') {
    response.writeHead(well ? 200 : 503).end();
  } else if (request.url === '/sick') {
    well = false;
    response.end();
  } else {
    setTimeout(() => response.end(String(process.pid)), delayMs);
  }
});

server.listen(0, '127.0.0.1', () => process.send({ url: `http://127.0.0.1:${server.address().port}` }));
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
process.on('disconnect', () => process.exit(0));
