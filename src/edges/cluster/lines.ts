/** Cuts a stream of bytes into the texts between line ends. What has no line end when the stream stops was cut off and is dropped. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, mostBytes: number): AsyncGenerator<string> {
  let waiting: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const tail = chunk.subarray(from, end)
      const line = size === 0 ? Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength) : Buffer.concat([...waiting, tail])
      waiting = []
      size = 0
      from = end + 1
      if (line.length > 0) yield line.toString()
    }
    if (from === chunk.length) continue
    waiting.push(chunk.subarray(from))
    size += chunk.length - from
    if (size > mostBytes) throw new RangeError(`a line of more than ${mostBytes} bytes`)
  }
}
