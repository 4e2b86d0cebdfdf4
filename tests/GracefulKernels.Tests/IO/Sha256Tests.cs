using System.Security.Cryptography;

namespace GracefulKernels.Tests;

/// <summary>SHA-256 against the runtime's, at every length around the borders of its blocks and in parts of every size.</summary>
public sealed class Sha256Tests
{
    [Fact]
    public void EveryLengthIsTheRuntimes()
    {
        byte[] bytes = Bytes(300);
        for (int n = 0; n <= bytes.Length; n++) Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes.AsSpan(0, n))), Sha256.Of(bytes.AsSpan(0, n)));
    }

    [Fact]
    public void PartsAreTheWhole()
    {
        byte[] bytes = Bytes(1000);
        string whole = Convert.ToHexStringLower(SHA256.HashData(bytes));
        for (int part = 1; part <= 130; part++)
        {
            var hash = new Sha256();
            for (int at = 0; at < bytes.Length; at += part) hash.Append(bytes.AsSpan(at, Math.Min(part, bytes.Length - at)));
            Assert.Equal(whole, hash.Finish());
        }
    }

    [Fact]
    public void StreamIsRead()
    {
        byte[] bytes = Bytes(200_001);
        using var stream = new MemoryStream(bytes);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), Sha256.Of(stream));
    }

    private static byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
