import io.aeron.Aeron;
import io.aeron.DirectBufferVector;
import io.aeron.FragmentAssembler;
import io.aeron.Image;
import io.aeron.Publication;
import io.aeron.Subscription;
import io.aeron.exceptions.AeronException;
import io.aeron.logbuffer.BufferClaim;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.zip.CRC32;

/**
 * Publications and subscriptions of upstream's client, worked by command: tests/interop/peer.hpp says what
 * each command does, and has the same for our client. Commands are lines of standard input, each answered
 * by {@code = ok RESULT...} or {@code = failed WHY}; the process ends with its input.
 *
 * One thread offers what is to be offered and polls all subscriptions, all the time; the main thread
 * executes commands.
 */
public final class MatrixPeer
{
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(30);
    private static final int FRAGMENT_LIMIT = 32;

    private final Map<String, Aeron> clients = new HashMap<>();
    private final Map<String, List<String>> errors = new HashMap<>();
    private final Map<String, Sender> senders = new HashMap<>();
    private final Map<String, Receiver> receivers = new HashMap<>();

    public static void main(final String[] args) throws Exception
    {
        final MatrixPeer peer = new MatrixPeer();
        final Thread worker = new Thread(peer::work);
        worker.setDaemon(true);
        worker.start();
        final BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        for (String line = input.readLine(); null != line; line = input.readLine())
        {
            try
            {
                System.out.println("= ok " + peer.execute(line.split(" ")));
            }
            catch (final Exception ex)
            {
                System.out.println("= failed " + ex.toString().replace('\n', ' '));
            }
        }
        System.exit(0);
    }

    private Object execute(final String[] words)
    {
        final String name = words.length > 1 ? words[1] : "";
        switch (words[0])
        {
            case "connect":
                clients.put(name, connect(name, words[2]));
                return "";
            case "publication":
                return addPublication(name, clients.get(words[2]), words[3], Integer.parseInt(words[4]));
            case "subscription":
                return addSubscription(name, clients.get(words[2]), words[3], Integer.parseInt(words[4]));
            case "destination":
                addDestination(name, words[2]);
                return "";
            case "await_connected":
                await(() -> senders.get(name).publication.isConnected(), "a subscriber of " + name);
                return "";
            case "await_image":
                return awaitImage(name, Integer.parseInt(words[2])).correlationId();
            case "offer":
                synchronized (this)
                {
                    senders.get(name).offer(new CheckedMessages(Integer.parseInt(words[2]), words[3]),
                        Long.parseLong(words[4]), Long.parseLong(words[5]));
                }
                return "";
            case "await_sent":
                await(() -> senders.get(name).isDone(), "the sending of all of " + name);
                return "";
            case "receive":
                return receive(receivers.get(name), Integer.parseInt(words[2]), Long.parseLong(words[3]));
            case "await_lost":
                awaitLost(name);
                return "";
            case "reset":
                return reset();
            default:
                throw new IllegalArgumentException("unknown command: " + words[0]);
        }
    }

    private Aeron connect(final String name, final String directory)
    {
        return Aeron.connect(new Aeron.Context()
            .aeronDirectoryName(directory)
            .idleSleepDurationNs(TimeUnit.MILLISECONDS.toNanos(1))
            .keepAliveIntervalNs(TimeUnit.MILLISECONDS.toNanos(100))
            .errorHandler((error) -> onError(name, error)));
    }

    private synchronized void onError(final String client, final Throwable error)
    {
        errors.computeIfAbsent(client, (name) -> new ArrayList<>()).add(error.toString().replace('\n', ' '));
    }

    private String addPublication(final String name, final Aeron client, final String channel, final int streamId)
    {
        final Publication publication = client.addPublication(channel, streamId);
        final Sender former;
        synchronized (this)
        {
            former = senders.put(name, new Sender(publication));
        }
        CloseHelper.close(null == former ? null : former.publication);
        return Integer.toString(publication.sessionId());
    }

    private String addSubscription(final String name, final Aeron client, final String channel, final int streamId)
    {
        final Subscription subscription = client.addSubscription(channel, streamId);
        final Receiver former;
        synchronized (this)
        {
            former = receivers.put(name, new Receiver(subscription));
        }
        CloseHelper.close(null == former ? null : former.subscription);
        return Long.toString(subscription.registrationId());
    }

    private void addDestination(final String name, final String channel)
    {
        if (senders.containsKey(name))
        {
            senders.get(name).publication.addDestination(channel);
        }
        else
        {
            receivers.get(name).subscription.addDestination(channel);
        }
    }

    private Image awaitImage(final String name, final int sessionId)
    {
        final Subscription subscription = receivers.get(name).subscription;
        await(() -> null != subscription.imageBySessionId(sessionId), "an image of " + name);
        return subscription.imageBySessionId(sessionId);
    }

    private String receive(final Receiver receiver, final int sessionId, final long to)
    {
        final Stream stream = receiver.stream(this, sessionId);
        try
        {
            await(() -> stream.hasReached(this, to), "the rest of the stream");
        }
        catch (final AeronException ex)
        {
            throw new AeronException(ex.getMessage() + ", so far " + stream);
        }
        return stream.toString();
    }

    private void awaitLost(final String name)
    {
        final Aeron client = clients.remove(name);
        await(client::isClosed, "the end of client " + name);
        client.close();
        synchronized (this)
        {
            if (null == errors.remove(name))
            {
                throw new AeronException(name + " was not told why it has ended");
            }
            senders.values().removeIf((sender) -> sender.publication.isClosed());
            receivers.values().removeIf((receiver) -> receiver.subscription.isClosed());
        }
    }

    private String reset()
    {
        final String result;
        final List<AutoCloseable> resources = new ArrayList<>();
        synchronized (this)
        {
            senders.values().forEach((sender) -> resources.add(sender.publication));
            receivers.values().forEach((receiver) -> resources.add(receiver.subscription));
            senders.clear();
            receivers.clear();
            result = errors.isEmpty() ? "" : errors.toString();
            errors.clear();
        }
        CloseHelper.closeAll(resources);
        return result;
    }

    private static void await(final BooleanSupplier condition, final String what)
    {
        final IdleStrategy idle = new BackoffIdleStrategy(10, 20, 1000, 1_000_000);
        final long deadline = System.nanoTime() + PATIENCE_NS;
        while (!condition.getAsBoolean())
        {
            if (System.nanoTime() > deadline)
            {
                throw new AeronException("waited in vain for " + what);
            }
            idle.idle();
        }
    }

    private void work()
    {
        final IdleStrategy idle = new BackoffIdleStrategy(10, 20, 1000, 1_000_000);
        while (true)
        {
            idle.idle(workOnce());
        }
    }

    private synchronized int workOnce()
    {
        int work = 0;
        try
        {
            for (final Sender sender : senders.values())
            {
                work += sender.work();
            }
            for (final Receiver receiver : receivers.values())
            {
                work += receiver.work();
            }
        }
        catch (final Exception ex)
        {
            onError("peer", ex);
        }
        return work;
    }

    /** A publication and what it is to offer. */
    private static final class Sender
    {
        final Publication publication;
        private final byte[] bytes = new byte[CheckedMessages.MAX_LENGTH];
        private final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        private final BufferClaim claim = new BufferClaim();
        private CheckedMessages messages;
        private volatile long next;
        private volatile long end;

        Sender(final Publication publication)
        {
            this.publication = publication;
        }

        void offer(final CheckedMessages messages, final long from, final long to)
        {
            this.messages = messages;
            next = from;
            end = to;
        }

        boolean isDone()
        {
            return next == end;
        }

        int work()
        {
            int work = 0;
            while (next < end && work < FRAGMENT_LIMIT && send(messages.write(bytes, next)) > 0)
            {
                next++;
                work++;
            }
            return work;
        }

        private long send(final int length)
        {
            if (1 == next % 3 && length <= publication.maxPayloadLength())
            {
                final long result = publication.tryClaim(length, claim);
                if (result > 0)
                {
                    claim.buffer().putBytes(claim.offset(), bytes, 0, length);
                    claim.commit();
                }
                return result;
            }
            if (2 == next % 3)
            {
                final int first = length / 3;
                final int second = length / 2;
                return publication.offer(new DirectBufferVector[]
                {
                    new DirectBufferVector(buffer, 0, first),
                    new DirectBufferVector(buffer, first, second - first),
                    new DirectBufferVector(buffer, second, length - second)
                }, null);
            }
            return publication.offer(buffer, 0, length);
        }
    }

    /** A subscription and what has come on its images. */
    private static final class Receiver
    {
        final Subscription subscription;
        private final Map<Integer, Stream> streams = new HashMap<>();

        Receiver(final Subscription subscription)
        {
            this.subscription = subscription;
        }

        Stream stream(final Object lock, final int sessionId)
        {
            synchronized (lock)
            {
                return streams.computeIfAbsent(sessionId, (id) -> new Stream());
            }
        }

        int work()
        {
            int work = 0;
            for (final Image image : subscription.images())
            {
                work += image.poll(streams.computeIfAbsent(image.sessionId(), (id) -> new Stream()).assembler,
                    FRAGMENT_LIMIT);
            }
            return work;
        }
    }

    /** What has come of one session. */
    private static final class Stream
    {
        final FragmentAssembler assembler =
            new FragmentAssembler((buffer, offset, length, header) -> onMessage(buffer, offset, length));
        private final CRC32 crc = new CRC32();
        private final byte[] scratch = new byte[CheckedMessages.MAX_LENGTH];
        private long first = -1;
        private long next;
        private long skipped;
        private long bytes;
        private long sum;
        private boolean inOrder = true;

        private void onMessage(final DirectBuffer buffer, final int offset, final int length)
        {
            buffer.getBytes(offset, scratch, 0, length);
            final long number = new UnsafeBuffer(scratch).getLong(0, ByteOrder.LITTLE_ENDIAN) & 0xFFFF_FFFFL;
            if (-1 == first)
            {
                first = number;
                next = number;
            }
            inOrder &= number >= next;
            skipped += number - next;
            next = number + 1;
            bytes += length;
            crc.reset();
            crc.update(scratch, 0, length);
            sum = sum * 31 + crc.getValue();
        }

        boolean hasReached(final Object lock, final long to)
        {
            synchronized (lock)
            {
                return !inOrder || next >= to;
            }
        }

        public String toString()
        {
            return first + " " + next + " " + skipped + " " + bytes + " " + sum + (inOrder ? "" : " out of order");
        }
    }
}
