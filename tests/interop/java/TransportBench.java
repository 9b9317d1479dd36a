import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Subscription;
import io.aeron.logbuffer.FragmentHandler;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.YieldingIdleStrategy;

/**
 * Upstream's client doing what {@code tern bench transport} does with ours
 * (tern/tools/bench/transport.hpp): one thread sends a burst of messages and polls as much, over and
 * over.
 *
 * DIR CHANNEL STREAM LENGTH BURST WARM_UP_NS MEASURED_NS: prints {@code RESULT <messages> <ns>}.
 */
public final class TransportBench
{
    private final IdleStrategy idle = new YieldingIdleStrategy();
    private final ExclusivePublication publication;
    private final Subscription subscription;
    private final UnsafeBuffer message;
    private final int burst;
    private final FragmentHandler handler;
    private long sent;
    private long received;

    private TransportBench(final Aeron aeron, final String[] args)
    {
        final int streamId = Integer.parseInt(args[2]);
        subscription = aeron.addSubscription(args[1], streamId);
        publication = aeron.addExclusivePublication(args[1], streamId);
        message = new UnsafeBuffer(new byte[Integer.parseInt(args[3])]);
        burst = Integer.parseInt(args[4]);
        handler = (buffer, offset, length, header) -> received++;
    }

    public static void main(final String[] args)
    {
        final Aeron.Context context = new Aeron.Context().aeronDirectoryName(args[0]);
        try (Aeron aeron = Aeron.connect(context))
        {
            final TransportBench bench = new TransportBench(aeron, args);
            bench.run(Long.parseLong(args[5]));
            final long before = bench.received;
            final long start = System.nanoTime();
            bench.run(Long.parseLong(args[6]));
            System.out.println("RESULT " + (bench.received - before) + " " + (System.nanoTime() - start));
            while (bench.received < bench.sent)
            {
                bench.idle.idle(bench.receive());
            }
        }
    }

    private void run(final long durationNs)
    {
        final long end = System.nanoTime() + durationNs;
        while (System.nanoTime() < end)
        {
            idle.idle(send() + receive());
        }
    }

    private int send()
    {
        int count = 0;
        while (count < burst && publication.offer(message, 0, message.capacity()) > 0)
        {
            count++;
        }
        sent += count;
        return count;
    }

    private int receive()
    {
        return subscription.poll(handler, burst);
    }
}
