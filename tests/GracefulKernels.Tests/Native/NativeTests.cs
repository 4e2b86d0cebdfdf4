namespace GracefulKernels.Tests;

/// <summary>One after another: the first of them builds the library, and none keeps the others' threads waiting.</summary>
[CollectionDefinition(Name)]
public sealed class NativeTests
{
    public const string Name = "The C library";
}
