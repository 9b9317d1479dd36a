import io.aeron.Aeron;
import io.aeron.DirectBufferVector;
import io.aeron.FragmentAssembler;
import io.aeron.Image;
import io.aeron.Publication;
import io.aeron.Subscription;
import io.aeron.logbuffer.BufferClaim;
import io.aeron.logbuffer.FragmentHandler;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;

/**
 * One end of a stream of numbered messages that both ends can check (tests/interop/stream_peer.hpp
 * has the other implementation and the rules): message i has a length and content that follow from i,
 * and goes out by offer, tryClaim or vectored offer in turn.
 *
 * publish DIR CHANNEL STREAM BYTES: sends messages until BYTES have been sent, and closes. Prints
 * {@code CONNECTED}, and {@code SENT <messages> <bytes> <sum>}; or {@code DISCONNECTED} when its
 * subscriber goes first.
 *
 * subscribe DIR CHANNEL STREAM BYTES: receives until the end of the stream, or until at least BYTES
 * have come if that is not 0. Prints {@code READY}, {@code CONNECTED} and
 * {@code RECEIVED <messages> <bytes> <sum> <END_OF_STREAM or ENOUGH>}.
 *
 * With 0 messages CONNECTED does not come. Ends with status 1 when nothing happens for 20 s.
 */
public final class StreamPeer
{
    private static final int MAX_LENGTH = 60000;
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(20);

    private final IdleStrategy idle = new BackoffIdleStrategy(10, 20, 1000, 1_000_000);
    private final CRC32 crc = new CRC32();
    private final byte[] pattern = new byte[MAX_LENGTH + 256];
    private final byte[] scratch = new byte[MAX_LENGTH];
    private long messages;
    private long bytes;
    private long sum;

    private StreamPeer()
    {
        for (int i = 0; i < pattern.length; i++)
        {
            pattern[i] = (byte)(i * 7 + i / 256);
        }
    }

    public static void main(final String[] args)
    {
        final Aeron.Context context = new Aeron.Context().aeronDirectoryName(args[1]);
        final boolean[] failed = { false };
        context.errorHandler(
            (error) ->
            {
                System.out.println("ERROR " + error);
                failed[0] = true;
            });
        try (Aeron aeron = Aeron.connect(context))
        {
            final StreamPeer peer = new StreamPeer();
            final int streamId = Integer.parseInt(args[3]);
            final long limit = Long.parseLong(args[4]);
            if ("publish".equals(args[0]))
            {
                peer.publish(aeron, args[2], streamId, limit);
            }
            else
            {
                peer.subscribe(aeron, args[2], streamId, limit);
            }
        }
        System.exit(failed[0] ? 1 : 0);
    }

    static int lengthOf(final long message, final int maxPayload)
    {
        final long mixed = (message * 0x9E3779B97F4A7C15L) >>> 33;
        final int limit = 1 == message % 3 ? Math.min(maxPayload, MAX_LENGTH) : MAX_LENGTH;
        return 8 + (int)(mixed % (limit - 8 + 1));
    }

    private void add(final byte[] source, final int offset, final int length)
    {
        crc.reset();
        crc.update(source, offset, length);
        sum = sum * 31 + crc.getValue();
        bytes += length;
        messages++;
    }

    private void fill(final int length)
    {
        System.arraycopy(pattern, (int)(messages & 0xFF), scratch, 0, length);
        new UnsafeBuffer(scratch).putLong(0, messages, ByteOrder.LITTLE_ENDIAN);
    }

    private void publish(final Aeron aeron, final String channel, final int streamId, final long limit)
    {
        try (Publication publication = aeron.addPublication(channel, streamId))
        {
            await(publication::isConnected, "a subscriber");
            System.out.println("CONNECTED");
            final UnsafeBuffer buffer = new UnsafeBuffer(scratch);
            final DirectBufferVector[] parts =
            {
                new DirectBufferVector(), new DirectBufferVector(), new DirectBufferVector()
            };
            final BufferClaim claim = new BufferClaim();
            while (bytes < limit)
            {
                final int length = lengthOf(messages, publication.maxPayloadLength());
                fill(length);
                final long deadline = System.nanoTime() + PATIENCE_NS;
                while (true)
                {
                    final long result = send(publication, buffer, parts, claim, length);
                    if (result > 0)
                    {
                        break;
                    }
                    if (Publication.NOT_CONNECTED == result)
                    {
                        System.out.println("DISCONNECTED");
                        return;
                    }
                    check(result != Publication.CLOSED, "publication closed");
                    check(System.nanoTime() < deadline, "no progress, position " + publication.position());
                    idle.idle();
                }
                add(scratch, 0, length);
            }
            System.out.println("SENT " + messages + " " + bytes + " " + sum);
        }
    }

    private long send(
        final Publication publication,
        final UnsafeBuffer buffer,
        final DirectBufferVector[] parts,
        final BufferClaim claim,
        final int length)
    {
        switch ((int)(messages % 3))
        {
            case 0:
                return publication.offer(buffer, 0, length);

            case 1:
            {
                final long result = publication.tryClaim(length, claim);
                if (result > 0)
                {
                    claim.buffer().putBytes(claim.offset(), scratch, 0, length);
                    claim.commit();
                }
                return result;
            }

            default:
            {
                final int first = length / 3;
                final int second = length / 2;
                parts[0].reset(buffer, 0, first);
                parts[1].reset(buffer, first, second - first);
                parts[2].reset(buffer, second, length - second);
                return publication.offer(parts, null);
            }
        }
    }

    private void subscribe(final Aeron aeron, final String channel, final int streamId, final long limit)
    {
        final FragmentHandler handler = new FragmentAssembler(
            (buffer, offset, length, header) -> onMessage(buffer, offset, length));
        try (Subscription subscription = aeron.addSubscription(channel, streamId))
        {
            System.out.println("READY");
            await(() -> subscription.imageCount() > 0, "a publisher");
            final Image image = subscription.imageAtIndex(0);
            System.out.println("CONNECTED");
            long deadline = System.nanoTime() + PATIENCE_NS;
            while (!image.isEndOfStream() && (0 == limit || bytes < limit))
            {
                final int fragments = image.poll(handler, 64);
                if (fragments > 0)
                {
                    deadline = System.nanoTime() + PATIENCE_NS;
                }
                check(!image.isClosed(), "image closed before the end of the stream");
                check(System.nanoTime() < deadline, "no progress, position " + image.position());
                idle.idle(fragments);
            }
            System.out.println("RECEIVED " + messages + " " + bytes + " " + sum +
                (image.isEndOfStream() ? " END_OF_STREAM" : " ENOUGH"));
        }
    }

    private void onMessage(final DirectBuffer buffer, final int offset, final int length)
    {
        check(length >= 8 && length <= MAX_LENGTH, "length " + length);
        buffer.getBytes(offset, scratch, 0, length);
        final long number = new UnsafeBuffer(scratch).getLong(0, ByteOrder.LITTLE_ENDIAN);
        check(number == messages, "message " + number + ", expected " + messages);
        add(scratch, 0, length);
    }

    private interface Condition
    {
        boolean holds();
    }

    private void await(final Condition condition, final String what)
    {
        final long deadline = System.nanoTime() + PATIENCE_NS;
        while (!condition.holds())
        {
            check(System.nanoTime() < deadline, "waited in vain for " + what);
            idle.idle();
        }
    }

    private static void check(final boolean holds, final String explanation)
    {
        if (!holds)
        {
            System.out.println("FAILED " + explanation);
            System.exit(1);
        }
    }
}
