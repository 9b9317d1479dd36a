import org.agrona.concurrent.UnsafeBuffer;

import java.nio.ByteOrder;

/**
 * Messages that both ends know by seed, size class and number: the other implementation, and the rules,
 * are in tests/interop/checked_messages.hpp.
 */
final class CheckedMessages
{
    static final int MAX_LENGTH = 16000;
    private static final int ONE_FRAME = 1376;
    private static final byte[] PATTERN = new byte[MAX_LENGTH + 256];

    static
    {
        for (int i = 0; i < PATTERN.length; i++)
        {
            PATTERN[i] = (byte)(i * 7 + i / 256);
        }
    }

    private final int seed;
    private final String sizes;

    CheckedMessages(final int seed, final String sizes)
    {
        this.seed = seed;
        this.sizes = sizes;
    }

    /**
     * Writes message {@code number} to the beginning of the buffer.
     *
     * @return its length.
     */
    int write(final byte[] buffer, final long number)
    {
        final int length = lengthOf(number);
        System.arraycopy(PATTERN, (int)((seed * 31L + number) & 0xFF), buffer, 0, length);
        new UnsafeBuffer(buffer).putLong(0, ((long)seed << 32) | number, ByteOrder.LITTLE_ENDIAN);
        return length;
    }

    private int lengthOf(final long number)
    {
        final long mixed = ((((long)seed << 32) | number) * 0x9E3779B97F4A7C15L) >>> 33;
        switch (sizes)
        {
            case "small":
                return 8 + (int)(mixed % 93);
            case "fragmented":
                return 1400 + (int)(mixed % (MAX_LENGTH - 1400 + 1));
            default:
                switch ((int)(number % 4))
                {
                    case 0:
                        return 8 + (int)(mixed % 93);
                    case 1:
                        return ONE_FRAME;
                    case 2:
                        return ONE_FRAME + 1;
                    default:
                        return 8 + (int)(mixed % (MAX_LENGTH - 8 + 1));
                }
        }
    }
}
