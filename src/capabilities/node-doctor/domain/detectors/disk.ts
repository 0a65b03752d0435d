/** File systems: room, inodes, and those that the kernel turned read-only. */
import type { Reading, Space } from '#core/shapes/ports/host.ts'
import { blind, type Detector, isOver, looked, pressure, share, type Trouble, unseen } from '../detector.ts'

export interface Mount {
  device: string
  path: string
  type: string
  /** Of the mount. */
  options: readonly string[]
  /** Of the file system below it, which may be mounted in several places. */
  superOptions: readonly string[]
  /** `major:minor` */
  dev: string
}

/** Mounts of `/proc/[pid]/mountinfo`. https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html */
export function readMounts(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const found = /^\d+ \d+ (\S+) \S+ (\S+) (\S+) (?:.*? )?- (\S+) (\S+) (\S+)$/.exec(line)
    if (!found) return []
    const [, dev, path, options, type, device, superOptions] = found as unknown as [string, string, string, string, string, string, string]
    return [{ dev, path: plain(path), options: options.split(','), type, device: plain(device), superOptions: superOptions.split(',') }]
  })
}
const plain = (escaped: string) => escaped.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

/** File systems of disks, to which somebody may want to write. */
const ON_DISK = new Set(['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'f2fs', 'zfs', 'vfat', 'overlay', 'fuseblk', 'bcachefs', 'jfs', 'reiserfs'])
/** Mounts of single containers come and go; the file system below them is looked at by itself. */
const OF_CONTAINERS = /^\/(?:var\/lib\/(?:docker|containers|containerd)|run\/(?:containerd|docker|crio))\/|\/(?:rootfs|merged)$/

const onDisk = (mounts: readonly Mount[], ignored: readonly string[]) =>
  mounts.filter(({ type, path }) => ON_DISK.has(type) && !OF_CONTAINERS.test(path) && !ignored.includes(path))

export interface DiskFacts {
  mountinfo: Reading<string>
  space: readonly { mount: Mount; space: Reading<Space> }[]
}

export const disk: Detector<DiskFacts> = {
  id: 'disk-space',
  condition: 'DiskSpacePressure',
  title: { en: 'Disk space and inodes', 'zh-CN': '磁盘空间与 inode' },
  everyMs: 15_000,
  async gather(host, { ignoreMounts }) {
    const mountinfo = await host.read('/proc/1/mountinfo')
    const own = mountinfo.ok ? mountinfo : await host.read('/proc/self/mountinfo')
    if (!own.ok) return { mountinfo: own, space: [] }
    // one of each device; the shortest path is the least special
    const byDevice = new Map<string, Mount>()
    for (const mount of onDisk(readMounts(own.value), ignoreMounts)) {
      const other = byDevice.get(mount.dev)
      if (!other || mount.path.length < other.path.length) byDevice.set(mount.dev, mount)
    }
    const space = []
    for (const mount of byDevice.values()) space.push({ mount, space: await host.space(mount.path) })
    return { mountinfo: own, space }
  },
  judge({ mountinfo, space }, { watermarks }) {
    if (!mountinfo.ok) return { verdict: unseen('/proc/self/mountinfo', mountinfo) }
    const troubles: Trouble[] = []
    const unread: string[] = []
    for (const { mount, space: reading } of space) {
      if (!reading.ok) {
        unread.push(`${mount.path}: ${reading.reason}`)
        continue
      }
      const { bytes, freeBytes, inodes, freeInodes } = reading.value
      // what cannot be written to cannot be cleaned up either
      if (mount.superOptions.includes('ro')) continue
      if (isOver(bytes - freeBytes, bytes, watermarks.disk))
        troubles.push({
          key: `space ${mount.path}`,
          reason: 'DiskNearlyFull',
          severity: pressure(bytes - freeBytes, bytes),
          message: `${mount.path} (${mount.device}) has ${gib(freeBytes)} of ${gib(bytes)} GiB left`,
        })
      if (isOver(inodes - freeInodes, inodes, watermarks.inodes))
        troubles.push({
          key: `inodes ${mount.path}`,
          reason: 'InodesNearlyUsedUp',
          severity: pressure(inodes - freeInodes, inodes),
          message: `${mount.path} (${mount.device}) has ${share(inodes - freeInodes, inodes)} inodes in use`,
        })
    }
    if (troubles.length === 0 && unread.length > 0 && unread.length === space.length) return { verdict: blind(unread.join('; ').slice(0, 500)) }
    return { verdict: looked(...troubles) }
  },
}

const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(1)

interface ReadOnlyMemory {
  /** `device path` of mounts that were writable when first seen. */
  writable: readonly string[]
}

export const readOnly: Detector<{ mountinfo: Reading<string> }, ReadOnlyMemory> = {
  id: 'read-only',
  condition: 'ReadonlyFilesystem',
  title: { en: 'File systems that became read-only', 'zh-CN': '变为只读的文件系统' },
  everyMs: 10_000,
  async gather(host) {
    const first = await host.read('/proc/1/mountinfo')
    return { mountinfo: first.ok ? first : await host.read('/proc/self/mountinfo') }
  },
  judge({ mountinfo }, { ignoreMounts }, before = { writable: [] }) {
    if (!mountinfo.ok) return { verdict: unseen('/proc/self/mountinfo', mountinfo), memory: before }
    const mounts = onDisk(readMounts(mountinfo.value), ignoreMounts)
    const name = ({ device, path }: Mount) => `${device} ${path}`
    const isReadOnly = ({ options, superOptions }: Mount) => options.includes('ro') || superOptions.includes('ro')
    const known = new Set(before.writable)
    // `errors=remount-ro` of a file system whose mount asks for `rw` and which is `ro` below was turned by the kernel; what was writable before speaks for itself
    const turned = mounts.filter(
      (mount) => isReadOnly(mount) && (known.has(name(mount)) || (mount.options.includes('rw') && mount.superOptions.includes('ro'))),
    )
    const there = new Set(mounts.map(name))
    const writable = [...new Set([...before.writable.filter((one) => there.has(one)), ...mounts.filter((mount) => !isReadOnly(mount)).map(name)])].slice(
      0,
      5000,
    )
    return {
      memory: { writable },
      verdict: looked(
        ...turned.slice(0, 20).map((mount) => ({
          key: mount.path,
          reason: 'FilesystemIsReadOnly',
          severity: 'critical' as const,
          message: `${mount.path} (${mount.device}, ${mount.type}) became read-only: every write to it fails`,
        })),
      ),
    }
  },
}
