namespace GracefulKernels.Tests;

/// <summary>The package of the C library as it is built here, unpacked: a C program and a Python one find what they need in it, laid out as NuGet lays it out.</summary>
[Collection(NativeTests.Name)]
public sealed class NativePackageProgramTests
{
    [Fact]
    public void TheReadmesProgramsRunFromThePackage()
    {
        string built = NativeLibraryFolder.Get(), python = PythonTests.Interpreter();
        using var folder = new TemporaryFolder();
        string unpacked = folder.File("unpacked");
        Dotnet.Run(
            NativeLibraryFolder.Repository,
            null,
            "pack", "src/GracefulKernels.Native.Package", "-c", "Release", "-o", folder.File("feed"), "--artifacts-path", folder.File("artifacts"), $"-p:NativeArtifacts={built}", "-p:PackageVersion=0.0.0-test");
        System.IO.Compression.ZipFile.ExtractToDirectory(folder.File("feed/GracefulKernels.Native.0.0.0-test.nupkg"), unpacked);

        string libraries = Path.Combine(unpacked, "runtimes", "linux-x64", "native"), program = folder.File("example");
        File.WriteAllText(folder.File("example.c"), ReadmeProgramTests.Blocks("c")[0]);
        string[] options = [folder.File("example.c"), "-I", Path.Combine(unpacked, "include"), "-L", libraries, "-lgracefulkernels", $"-Wl,-rpath,{libraries}", "-o", program];
        (int compiled, string problems) = NativeProgram.Run(NativeLibraryFolder.Compiler, options);
        Assert.True(compiled == 0, problems);
        (int code, string output) = NativeProgram.Run(program, []);
        Assert.Equal((0, ReadmeProgramTests.Printed), (code, output.Trim()));

        // The module finds the library in the package's own layout.
        string[] ask = [$"PYTHONPATH={Path.Combine(unpacked, "python")}", python, "-B", "-c", "import graceful_kernels as gk; print(gk.Device(threads=1), gk.version())"];
        (code, output) = NativeProgram.Run("env", ask);
        Assert.True(code == 0 && output.Contains("1 thread", StringComparison.Ordinal), output);
    }
}
