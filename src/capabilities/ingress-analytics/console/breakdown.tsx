/** Below the charts: who and what stands behind the traffic. Loaded when the page stands, for its tables weigh a good deal. */
import { FailingUpstreams } from './failing-upstreams.tsx'
import styles from './ingress-page.module.css'
import { Rankings } from './rankings.tsx'
import { SlowRequests } from './slow-requests.tsx'
import type { Ingress } from './use-ingress.ts'

export default function Breakdown({ ingress }: { ingress: Ingress }) {
  return (
    <>
      <Rankings ingress={ingress} />
      <div className={styles.pair}>
        <div>
          <SlowRequests ingress={ingress} />
        </div>
        <div>
          <FailingUpstreams ingress={ingress} />
        </div>
      </div>
    </>
  )
}
