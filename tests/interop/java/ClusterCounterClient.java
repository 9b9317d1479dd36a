import io.aeron.Aeron;
import io.aeron.cluster.client.AeronCluster;
import io.aeron.cluster.client.EgressListener;
import io.aeron.logbuffer.Header;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A cluster client that adds numbers to the counter service and checks every total that comes back.
 * Arguments: aeron directory, ingress endpoints, first number, how many, total before the first,
 * number of bytes of each message (at least 8; the rest is padding).
 * Prints {@code CONNECTED <session id>} and at the end {@code TOTAL <last total>}.
 */
public final class ClusterCounterClient
{
    private static long received;
    private static long lastTotal;

    public static void main(final String[] args)
    {
        final String aeronDir = args[0];
        final String endpoints = args[1];
        final long first = Long.parseLong(args[2]);
        final long count = Long.parseLong(args[3]);
        final long before = Long.parseLong(args[4]);
        final int length = Integer.parseInt(args[5]);

        final EgressListener listener = new EgressListener()
        {
            private long next = first;
            private long expected = before;

            public void onMessage(
                final long clusterSessionId,
                final long timestamp,
                final DirectBuffer buffer,
                final int offset,
                final int messageLength,
                final Header header)
            {
                expected += next++;
                lastTotal = buffer.getLong(offset, ByteOrder.LITTLE_ENDIAN);
                if (lastTotal != expected)
                {
                    throw new IllegalStateException("total " + lastTotal + ", expected " + expected);
                }
                received++;
            }
        };

        final UnsafeBuffer message = new UnsafeBuffer(ByteBuffer.allocateDirect(length));
        try (Aeron aeron = Aeron.connect(new Aeron.Context().aeronDirectoryName(aeronDir));
            AeronCluster cluster = AeronCluster.connect(new AeronCluster.Context()
                .aeron(aeron)
                .ownsAeronClient(false)
                .egressListener(listener)
                .ingressChannel("aeron:udp?term-length=64k")
                .ingressEndpoints(endpoints)
                .egressChannel("aeron:udp?term-length=64k|endpoint=localhost:0")))
        {
            System.out.println("CONNECTED " + cluster.clusterSessionId());
            final long deadline = System.nanoTime() + 60_000_000_000L;
            long sent = 0;
            while (received < count)
            {
                if (sent < count)
                {
                    message.putLong(0, first + sent, ByteOrder.LITTLE_ENDIAN);
                    if (cluster.offer(message, 0, length) > 0)
                    {
                        sent++;
                    }
                }
                if (0 == cluster.pollEgress())
                {
                    Thread.onSpinWait();
                }
                if (System.nanoTime() > deadline)
                {
                    throw new IllegalStateException("sent " + sent + ", received " + received + " of " + count);
                }
            }
            System.out.println("TOTAL " + lastTotal);
        }
    }
}
