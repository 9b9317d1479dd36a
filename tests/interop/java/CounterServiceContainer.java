import io.aeron.ExclusivePublication;
import io.aeron.Image;
import io.aeron.cluster.codecs.CloseReason;
import io.aeron.cluster.service.ClientSession;
import io.aeron.cluster.service.Cluster;
import io.aeron.cluster.service.ClusteredService;
import io.aeron.cluster.service.ClusteredServiceContainer;
import io.aeron.logbuffer.Header;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.ShutdownSignalBarrier;
import org.agrona.concurrent.UnsafeBuffer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Upstream's service container with a counting service: adds the int64 at the start of each message
 * to a total and answers with the total. Its snapshot is the total.
 * Arguments: aeron directory, cluster directory.
 * Prints {@code START <total>}, {@code SNAPSHOT <total>} and {@code TERMINATE <total>}.
 */
public final class CounterServiceContainer implements ClusteredService
{
    private final UnsafeBuffer buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(8));
    private Cluster cluster;
    private long total;

    public static void main(final String[] args)
    {
        // The barrier is closed last: the JVM waits for it.
        try (ShutdownSignalBarrier barrier = new ShutdownSignalBarrier();
            ClusteredServiceContainer container = ClusteredServiceContainer.launch(
            new ClusteredServiceContainer.Context()
                .aeronDirectoryName(args[0])
                .clusterDirectoryName(args[1])
                .clusteredService(new CounterServiceContainer())
                .terminationHook(barrier::signal)))
        {
            barrier.await();
        }
        System.out.println("CLOSED");
    }

    public void onStart(final Cluster cluster, final Image snapshotImage)
    {
        this.cluster = cluster;
        if (null != snapshotImage)
        {
            final boolean[] done = { false };
            while (!done[0])
            {
                final int fragments = snapshotImage.poll(
                    (source, offset, length, header) ->
                    {
                        total = source.getLong(offset, ByteOrder.LITTLE_ENDIAN);
                        done[0] = true;
                    },
                    1);
                cluster.idleStrategy().idle(fragments);
            }
        }
        System.out.println("START " + total);
    }

    public void onSessionOpen(final ClientSession session, final long timestamp)
    {
    }

    public void onSessionClose(final ClientSession session, final long timestamp, final CloseReason reason)
    {
    }

    public void onSessionMessage(
        final ClientSession session,
        final long timestamp,
        final DirectBuffer source,
        final int offset,
        final int length,
        final Header header)
    {
        total += source.getLong(offset, ByteOrder.LITTLE_ENDIAN);
        if (null != session)
        {
            buffer.putLong(0, total, ByteOrder.LITTLE_ENDIAN);
            while (session.offer(buffer, 0, 8) < 0)
            {
                cluster.idleStrategy().idle();
            }
        }
    }

    public void onTimerEvent(final long correlationId, final long timestamp)
    {
    }

    public void onTakeSnapshot(final ExclusivePublication snapshotPublication)
    {
        buffer.putLong(0, total, ByteOrder.LITTLE_ENDIAN);
        while (snapshotPublication.offer(buffer, 0, 8) < 0)
        {
            cluster.idleStrategy().idle();
        }
        System.out.println("SNAPSHOT " + total);
    }

    public void onRoleChange(final Cluster.Role newRole)
    {
    }

    public void onTerminate(final Cluster cluster)
    {
        System.out.println("TERMINATE " + total);
    }
}
