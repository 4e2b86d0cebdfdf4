namespace GracefulKernels.Tests;

/// <summary>What the front does where the kernels are not as they should be: every call is refused with the reason, and nobody ends the program.</summary>
[Collection(NativeTests.Name)]
public sealed class NativeFrontTests
{
    private const string Program = """
        #include <stdio.h>
        #include <string.h>
        #include "graceful_kernels.h"
        int main(void)
        {
            gk_device *device = (gk_device *)&device;
            float x = 3;
            gk_status opened = gk_device_open(GK_ABI_VERSION, NULL, 1, &device);
            gk_status called = gk_gemm(device, 0, 0, 1, 1, 1, 1.f, &x, 1, &x, 1, 0.f, &x, 1);
            printf("%d %d %d %d %s|%s\n", (int)opened, (int)called, device == NULL, x == 3, gk_status_name(opened), gk_last_error());
            return gk_abi_version() == GK_ABI_VERSION && strlen(gk_version()) > 0 ? 0 : 1;
        }
        """;

    [Theory]
    [InlineData("missing", "cannot be opened")]
    [InlineData("damaged", "is damaged")]
    [InlineData("no library", "is damaged")]
    [InlineData("foreign", "no file of this library")]
    [InlineData("older", "is of version 0.0.1 with ABI 7; libgracefulkernels.so is of version")]
    [InlineData("unknown level", "GRACEFUL_LEVEL is 'v5'; expected v4 or v3")]
    public void SaysWhyThereAreNoKernels(string what, string reason)
    {
        using var folder = new TemporaryFolder();
        string library = NativeLibraryFolder.Get(), level = folder.File("libgracefulkernels-v3.so");
        File.Copy(Path.Combine(library, "lib", "libgracefulkernels.so"), folder.File("libgracefulkernels.so"));
        if (what == "damaged") File.WriteAllBytes(level, File.ReadAllBytes(Path.Combine(library, "lib", "libgracefulkernels-v3.so"))[..50_000]);
        if (what == "no library") File.WriteAllText(level, "This is no library.");
        if (what == "foreign") Compile("int something_else;", level, "-shared", "-fPIC");
        if (what == "older")
        {
            Compile("int gk_abi_version(void) { return 7; } const char *gk_version(void) { return \"0.0.1\"; } const char *gk_last_error(void) { return \"\"; }", level, "-shared", "-fPIC");
        }
        string program = folder.File("program");
        Compile(Program, program, "-I", Path.Combine(library, "include"), "-L", folder, "-lgracefulkernels", $"-Wl,-rpath,{(string)folder}");
        (int code, string output) = NativeProgram.Run("env", [$"GRACEFUL_LEVEL={(what == "unknown level" ? "v5" : "v3")}", program]);
        Assert.True(code == 0, output);
        Assert.StartsWith("3 3 1 1 GK_NOT_SUPPORTED|", output);
        Assert.Contains(reason, output);
    }

    private static void Compile(string source, string target, params string[] options)
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("source.c");
        File.WriteAllText(file, source);
        (int code, string output) = NativeProgram.Run(NativeLibraryFolder.Compiler, [file, "-o", target, .. options]);
        Assert.True(code == 0, output);
    }
}
