// Upstream's archive client against whatever archive serves aeron:ipc at the driver of aeron.dir:
// records, queries, replays, extends, truncates and closes. Prints OK, or how it went wrong.

import io.aeron.Aeron;
import io.aeron.ChannelUri;
import io.aeron.ExclusivePublication;
import io.aeron.Subscription;
import io.aeron.archive.client.AeronArchive;
import io.aeron.archive.client.ArchiveException;
import io.aeron.archive.codecs.SourceLocation;
import org.agrona.concurrent.UnsafeBuffer;

public final class ArchiveRoundTrip
{
    private static final int STREAM = 2001;
    private static final int MESSAGES = 300;
    private static final long PATIENCE_MS = 15_000;

    private interface Condition
    {
        boolean holds();
    }

    private static void await(final Condition condition, final String what)
    {
        final long deadline = System.currentTimeMillis() + PATIENCE_MS;
        while (!condition.holds())
        {
            if (System.currentTimeMillis() > deadline)
            {
                throw new IllegalStateException("waited for " + what);
            }
            Thread.yield();
        }
    }

    private static void offer(final ExclusivePublication publication, final int from, final int count)
    {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[700]);
        buffer.setMemory(0, buffer.capacity(), (byte)0x5A);
        for (int i = from; i < from + count; i++)
        {
            buffer.putInt(0, i);
            await(() -> publication.offer(buffer) > 0, "offer " + i);
        }
    }

    private static void replay(final Aeron aeron, final AeronArchive archive, final long id, final int count)
    {
        final int[] next = {0};
        try (Subscription subscription = archive.replay(
            id, AeronArchive.NULL_POSITION, AeronArchive.NULL_LENGTH, "aeron:ipc", STREAM + 1))
        {
            await(
                () ->
                {
                    subscription.poll(
                        (buffer, offset, length, header) ->
                        {
                            if (length != 700 || buffer.getInt(offset) != next[0])
                            {
                                throw new IllegalStateException("message " + next[0] + " differs");
                            }
                            next[0]++;
                        },
                        10);
                    return next[0] == count;
                },
                "the replay of " + count);
        }
    }

    public static void main(final String[] args)
    {
        try (Aeron aeron = Aeron.connect(new Aeron.Context());
            AeronArchive archive = AeronArchive.connect(new AeronArchive.Context()
                .aeron(aeron)
                .clientName("round-trip")
                .controlRequestChannel("aeron:ipc")
                .controlResponseChannel("aeron:ipc")))
        {
            final long id;
            final int initialTermId;
            final long stop;
            try (ExclusivePublication publication = archive.addRecordedExclusivePublication("aeron:ipc", STREAM))
            {
                await(publication::isConnected, "the recorder");
                offer(publication, 0, MESSAGES);
                final long[] found = {-1};
                await(
                    () ->
                    {
                        found[0] = archive.findLastMatchingRecording(0, "aeron:ipc", STREAM, publication.sessionId());
                        return found[0] >= 0;
                    },
                    "the recording");
                id = found[0];
                await(() -> archive.getRecordingPosition(id) == publication.position(), "all to be recorded");
                replayLive(archive, id);
                archive.stopRecording(publication);
                stop = publication.position();
                initialTermId = publication.initialTermId();
            }
            await(() -> archive.getStopPosition(id) == stop, "the stop position");
            if (archive.listRecordings(0, 100, (a, b, r, c, d, e, f, g, h, i, j, k, l, m, n, o) -> {}) < 1)
            {
                throw new IllegalStateException("nothing listed");
            }
            replay(aeron, archive, id, MESSAGES);

            final ChannelUri uri = ChannelUri.parse("aeron:ipc?term-length=64k");
            uri.initialPosition(stop, initialTermId, 64 * 1024);
            archive.extendRecording(id, "aeron:ipc", STREAM, SourceLocation.LOCAL);
            try (ExclusivePublication publication = aeron.addExclusivePublication(uri.toString(), STREAM))
            {
                await(publication::isConnected, "the recorder again");
                offer(publication, MESSAGES, MESSAGES);
                await(() -> archive.getRecordingPosition(id) == publication.position(), "the extension");
            }
            await(() -> archive.getStopPosition(id) > stop, "the new stop position");
            archive.stopRecording("aeron:ipc", STREAM);
            replay(aeron, archive, id, 2 * MESSAGES);

            archive.stopAllReplays(id);
            archive.truncateRecording(id, stop);
            replay(aeron, archive, id, MESSAGES);
            try
            {
                archive.getStartPosition(9999);
                throw new IllegalStateException("knows a recording that is not there");
            }
            catch (final ArchiveException expected)
            {
                if (expected.errorCode() != ArchiveException.UNKNOWN_RECORDING)
                {
                    throw expected;
                }
            }
        }
        System.out.println("OK");
    }

    private static void replayLive(final AeronArchive archive, final long id)
    {
        final long session = archive.startReplay(id, 0, Long.MAX_VALUE, "aeron:ipc", STREAM + 2);
        archive.stopReplay(session);
    }
}
