import { connect } from 'node:net'

/** The address of this machine by which the API server's machine is reached, and so reaches us. */
export const addressTowards = (url: string) =>
  new Promise<string>((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port || 443), hostname, () => {
      resolve(socket.localAddress!)
      socket.destroy()
    }).on('error', reject)
  })
