package com.example.shop

import java.util.Date

private const val OPEN = '{'

/** A point. */
data class Point(
    val x: Int,
    val y: Int?
)

@Service
open class Basket(private val items: MutableList<String>) : Base() {
    var size: Int = 0
        private set

    init {
        size = items.size
    }

    @Test fun add(item: String) = items.add(item)

    suspend fun <T> each(block: (String) -> T): List<T> {
        val text = """
            fun notHere() {
        """
        return items
            .map { block(it) }
            .toList()
    }

    companion object {
        fun empty() = Basket(mutableListOf())
    }
}

fun String.shout(): String {
    when (length) {
        0 -> return ""
        else -> return uppercase()
    }
}

object Registry {
    val all = mutableListOf<Basket>()
}
