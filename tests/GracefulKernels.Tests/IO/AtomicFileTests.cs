namespace GracefulKernels.Tests;

public sealed class AtomicFileTests
{
    [Fact]
    public void AFileIsWrittenAndReplaced()
    {
        using TemporaryFolder folder = new();
        AtomicFile.WriteAllText(folder.File("a"), "first, and longer");
        AtomicFile.WriteAllText(folder.File("a"), "zweites ä");
        Assert.Equal("zweites ä"u8.ToArray(), File.ReadAllBytes(folder.File("a")));
        Assert.Equal(["a"], folder.Names());
    }

    [Fact]
    public void AnExceptionLeavesTheOldFileAndNothingElse()
    {
        using TemporaryFolder folder = new();
        AtomicFile.WriteAllText(folder.File("a"), "old");
        Assert.Throws<InvalidTimeZoneException>(() => AtomicFile.Write(folder.File("a"), stream =>
        {
            stream.Write(new byte[1 << 20]);
            Assert.Equal(2, folder.Names().Length);
            throw new InvalidTimeZoneException();
        }));
        Assert.Equal("old", File.ReadAllText(folder.File("a")));
        Assert.Equal(["a"], folder.Names());
    }

    [Fact]
    public void CancellationLeavesNothing()
    {
        using TemporaryFolder folder = new();
        using CancellationTokenSource source = new();
        Assert.Throws<OperationCanceledException>(() => AtomicFile.Write(folder.File("a"), stream =>
        {
            stream.WriteByte(1);
            source.Cancel();
        }, source.Token));
        Assert.Empty(folder.Names());
        Assert.Throws<OperationCanceledException>(() => AtomicFile.Write(folder.File("a"), _ => Assert.Fail("called"), source.Token));
    }

    [Fact]
    public void TargetsThatCannotBeWrittenAreNamed()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder.File("sub"));
        Assert.Contains("it is a folder", Assert.Throws<IOException>(() => AtomicFile.WriteAllText(folder.File("sub"), "x")).Message);
        string missing = Path.Combine(folder, "nowhere", "a");
        Assert.Contains($"Cannot write '{missing}': the folder", Assert.Throws<DirectoryNotFoundException>(() => AtomicFile.WriteAllText(missing, "x")).Message);
        AtomicFile.WriteAllText(folder.File("file"), "x");
        Assert.ThrowsAny<IOException>(() => AtomicFile.WriteAllText(Path.Combine(folder, "file", "a"), "x"));
        Assert.Equal(["file", "sub"], folder.Names());
    }

    [Fact]
    public void LinksAreFollowedAndDevicesStayDevices()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "links and devices as Unix has them");
        using TemporaryFolder folder = new();
        AtomicFile.WriteAllText(folder.File("target"), "old");
        File.CreateSymbolicLink(folder.File("link"), folder.File("target"));
        AtomicFile.WriteAllText(folder.File("link"), "new");
        Assert.Equal("new", File.ReadAllText(folder.File("target")));
        Assert.NotNull(new FileInfo(folder.File("link")).LinkTarget);
        AtomicFile.WriteAllText("/dev/null", "gone");
        Assert.Equal(0, new FileInfo("/dev/null").Length);
    }
}
