using System;
using System.Linq;

namespace Shop.Core
{
    /// <summary>A basket.</summary>
    [Serializable]
    public sealed class Basket : IBasket
    {
        private readonly string path = @"C:\";
        public int Count { get; private set; }

        public Basket(string path)
        {
            this.path = path + $"{path} {{";
        }

        #region adding
        [Obsolete("use {Put}")]
        public async Task<int> Add<T>(T item)
            where T : class
        {
            foreach (var x in items)
            {
                Console.WriteLine(x);
            }

            var text = """
                { "quoted" }
                """;
            return 1;
        }
        #endregion

        public int Twice() => Count * 2;
    }

    public record Point(int X, int Y);

    internal enum Kind
    {
        Small,
        Large,
    }
}
