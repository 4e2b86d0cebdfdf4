namespace GracefulKernels.Tests;

/// <summary>A text that the interpreter does not understand, or that does what no device would let it do.</summary>
internal sealed class PtxFaultException(string message) : Exception(message);
