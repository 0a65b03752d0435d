/** Debian's nginx as ingress-nginx would run it: its log format, an upstream with good, missing, broken and slow answers; everything below one folder. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { program } from '#test/real.ts'

export interface NginxSite {
  url: string
  log: string
  /** What is logged for requests to this address goes to syslog. */
  syslogUrl: string
  /** `mv` and USR1, as logrotate does. */
  reopen(): void
  stop(): Promise<void>
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/log-format/ */
export const UPSTREAMINFO =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id'

export async function startNginx(folder: string, syslogPort: number): Promise<NginxSite> {
  const [port, syslogSite, upstream] = [await freePort(), await freePort(), await freePort()]
  for (const name of ['temp', 'html']) mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, 'html/big'), 'x'.repeat(48 << 10))
  const log = join(folder, 'access.log')
  const front = (listen: number, accessLog: string) => `
  server {
    listen 127.0.0.1:${listen};
    access_log ${accessLog};
    set $proxy_upstream_name $upstream_of_path;
    set $proxy_alternative_upstream_name "";
    set $req_id $request_id;
    location / { proxy_pass http://127.0.0.1:${upstream}; proxy_http_version 1.1; proxy_set_header Connection ""; }
    location = /down { proxy_pass http://127.0.0.1:1; }
  }`
  writeFileSync(
    join(folder, 'nginx.conf'),
    `${process.getuid?.() === 0 ? 'user root; ' : ''}daemon off; worker_processes 2; pid ${folder}/nginx.pid; error_log ${folder}/error.log crit;
events { worker_connections 512; }
http {
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/temp/${name};`).join(' ')}
  keepalive_requests 1000000;
  log_format upstreaminfo '${UPSTREAMINFO}';
  map $uri $upstream_of_path { default shop-catalog-80; ~^/cart shop-cart-80; ~^/orders shop-orders-8080; }
  ${front(port, `${log} upstreaminfo`)}
  ${front(syslogSite, `syslog:server=127.0.0.1:${syslogPort},tag=nginx upstreaminfo`)}
  server {
    listen 127.0.0.1:${upstream}; access_log off; root ${folder}/html;
    location / { return 200 "hello, this is the catalog\\n"; }
    location /cart { return 201 "added"; }
    location /orders { return 302 /; }
    location /missing { return 404; }
    location /broken { return 500 "broken"; }
    location = /big { limit_rate 64k; limit_rate_after 16k; }
  }
}
`,
  )
  const child: ChildProcess = spawn(program('nginx')!, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')], { stdio: 'inherit' })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const url = `http://127.0.0.1:${port}`
  for (let i = 0; ; i++) {
    if (child.exitCode !== null || i > 200) throw new Error(`nginx does not start: ${readFileSync(join(folder, 'error.log'), 'utf8')}`)
    if (
      await fetch(`http://127.0.0.1:${upstream}/`).then(
        () => true,
        () => false,
      )
    )
      break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    url,
    log,
    syslogUrl: `http://127.0.0.1:${syslogSite}`,
    reopen: () => void child.kill('SIGUSR1'),
    stop() {
      child.kill('SIGQUIT')
      return ended
    },
  }
}

export interface Counted {
  requests: number
  statuses: Record<string, number>
  bytesIn: number
  bytesOut: number
  /** Seconds, ascending. */
  times: number[]
}

const LINE = /^\S+ - \S+ \[[^\]]+\] "[^"]*" (\d{3}) (\d+) "[^"]*" "[^"]*" (\d+) ([\d.]+) \[/

/** Counts the log with a reader that shares nothing with the product's. */
export function countLog(paths: readonly string[]): Counted {
  const counted: Counted = { requests: 0, statuses: {}, bytesIn: 0, bytesOut: 0, times: [] }
  for (const path of paths) {
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      if (line === '') continue
      const [, status, out, incoming, time] = LINE.exec(line)!
      counted.requests++
      counted.statuses[status!] = (counted.statuses[status!] ?? 0) + 1
      counted.bytesOut += Number(out)
      counted.bytesIn += Number(incoming)
      counted.times.push(Number(time))
    }
  }
  counted.times.sort((a, b) => a - b)
  return counted
}
